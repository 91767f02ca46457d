import Foundation
import ShopbellBindings

#if canImport(UIKit)
    import UIKit
#endif

/// A file to be sent with a message. It is copied while ``Conversation/send(_:attachments:isolation:)`` runs, so that
/// the app may change or delete its own afterwards.
///
/// What a file is, is told by its content, whatever it is called; the app may state a type that says more. A recording of
/// sound alone is sound, in an MP4, 3GP, QuickTime or WebM file, too.
///
/// The place where a photo or film was taken is removed from the copy, unless ``keepLocation`` is set: its coordinates
/// and the names of places. Pixels, samples and all else stay. Cleaned are JPEG, PNG, WebP, GIF, TIFF, DNG, HEIC, HEIF,
/// AVIF, SVG and the film of a motion photo; MP4, QuickTime, 3GPP, M4A, Matroska and WebM.
///
/// A message is refused (``SupportError/locationNotRemovable(number:message:)``) with a photo or film of another format
/// (AVI, MPEG, WMV, FLV, JPEG XL, JPEG 2000, PSD, a camera's raw file), with a file that only its name calls a photo or
/// film, and with one of the formats above whose structure is broken, compressed or not understood;
/// `allowUnremovableLocation` of ``ShopbellConfig/limits`` sends it, with as much removed as can be. BMP, documents,
/// archives, texts and other sounds are sent as they are: photos inside documents and archives are not looked at.
///
/// Making one reads nothing: what can't be sent is told by the call that sends it.
public struct NewAttachment: Equatable, Sendable {
    fileprivate enum Source: Equatable, Sendable {
        case file(URL, givenAway: Bool)
        case data(Data)
    }

    fileprivate let source: Source
    /// Calls it this, and not as the file is called. What does harm in a name is taken out.
    public var name: String?
    /// Sends the place where a photo or film was taken along with it: the file is sent as it is, whatever its format.
    public var keepLocation: Bool
    /// States its media type, as `text/calendar`, where the app knows it better than its content says: by it, it is judged
    /// whether the file may be sent, and it is sent and shown as what it says. What is no type, or of another kind than
    /// the content, is not used.
    public var mediaType: String?

    /// A file on this phone. One that the customer picked, outside the app's own folders, is asked for as the system
    /// wants it.
    ///
    /// - Parameters:
    ///   - file: Where it is: a file URL.
    ///   - name: Calls it this, and not as the file is called.
    ///   - keepLocation: Sends the place where a photo or film was taken along with it.
    ///   - givenAway: The app promises not to write to the file any more: it need not be copied then, where a link can
    ///     be made and no location has to be removed. Deleting it does no harm.
    ///   - mediaType: States its type, where the app knows it better than its content says.
    public init(
        file: URL, name: String? = nil, keepLocation: Bool = false, givenAway: Bool = false, mediaType: String? = nil
    ) {
        source = .file(file, givenAway: givenAway)
        self.name = name
        self.keepLocation = keepLocation
        self.mediaType = mediaType
    }

    /// Bytes under a name, which tells what they are where they don't themselves: `note.txt`. For what is large, a file
    /// takes less memory.
    public init(data: Data, name: String, keepLocation: Bool = false, mediaType: String? = nil) {
        source = .data(data)
        self.name = name
        self.keepLocation = keepLocation
        self.mediaType = mediaType
    }
}

extension NewAttachment: Wordless {
    var outline: String {
        switch source {
        case .file: "NewAttachment(a file)"
        case .data(let data): "NewAttachment(\(data.count) bytes)"
        }
    }
}

extension Array where Element == NewAttachment {
    /// Lends them to the library, which takes paths. What came as bytes is in a folder of its own, inside `temporary`,
    /// until `work` has ended. Touches the disk.
    func lent<Value>(
        in temporary: URL = FileManager.default.temporaryDirectory,
        _ work: ([ShopbellBindings.NewAttachment]) async throws -> Value
    ) async throws -> Value {
        let lent = LentFiles(temporary)
        defer { withExtendedLifetime(lent) {} }
        return try await work(enumerated().map { try lent.path(of: $1, number: $0 + 1) })
    }
}

/// What files are lent with: given back when it is let go of.
private final class LentFiles {
    private let temporary: URL
    private var folder: URL?
    private var opened: [URL] = []

    init(_ temporary: URL) {
        self.temporary = temporary
    }

    deinit {
        #if canImport(UIKit) || canImport(AppKit)
            for file in opened { file.stopAccessingSecurityScopedResource() }
        #endif
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    /// Says which one it is by its number: its name may be private.
    func path(of attachment: NewAttachment, number: Int) throws -> ShopbellBindings.NewAttachment {
        let (path, givenAway) =
            switch attachment.source {
            case .file(let file, let givenAway): (try path(of: file, number: number), givenAway)
            case .data(let data): (try path(of: data, number: number), true)
            }
        return ShopbellBindings.NewAttachment(
            path: path, name: attachment.name, keepLocation: attachment.keepLocation, givenAway: givenAway,
            mediaType: attachment.mediaType)
    }

    private func path(of file: URL, number: Int) throws -> String {
        guard file.isFileURL else {
            throw SupportError.attachmentRefused(
                number: Int32(clamping: number), problem: .notAFile,
                message: "attachments: number \(number) must have a file URL")
        }
        #if canImport(UIKit) || canImport(AppKit)
            // Of the app's own there is nothing to open.
            if file.startAccessingSecurityScopedResource() { opened.append(file) }
        #endif
        return file.path
    }

    private func path(of data: Data, number: Int) throws -> String {
        do {
            let file = try madeFolder().appendingPathComponent("\(number)")
            try data.write(to: file, options: .completeFileProtectionUntilFirstUserAuthentication)
            return file.path
        } catch {
            let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
            throw SupportError.storage(
                problem: isFull ? .full : .other,
                message: "storage: attachment number \(number) can't be written to the temporary folder")
        }
    }

    /// Nobody else's to read.
    private func madeFolder() throws -> URL {
        if let folder { return folder }
        let made = temporary.appendingPathComponent("shopbell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: made, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        folder = made
        return made
    }
}
