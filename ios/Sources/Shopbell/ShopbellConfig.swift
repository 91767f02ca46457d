import Foundation
import ShopbellBindings

#if canImport(UIKit)
    import UIKit
#endif

/// How to reach the desk, and where to keep what was written.
public struct ShopbellConfig: Equatable, Sendable {
    /// The desk's address: `https`, or `http` on this very machine.
    public var deskUrl: String
    /// The inbox's identifier, from the desk's settings. Public: it is no secret.
    public var inbox: String
    /// Where what was written is kept.
    public var folder: Folder
    /// Allows plain `http` to other machines, for a desk on your own network. Never ship it.
    public var allowPlainHttp: Bool
    /// Names the app to the desk, as `name/version`.
    public var userAgent: String?
    /// Sizes and times, and what may be sent; what is left out stays at what suits a phone. A photo or film from which the
    /// place where it was taken can't be removed is refused, unless `allowUnremovableLocation` is set.
    public var limits: Limits
    /// The help centre; `nil` for an app without.
    public var helpCenter: HelpCenterConfig?

    /// Where a client keeps what was written.
    public enum Folder: Equatable, Sendable {
        /// `Shopbell` in the app's folder for such things, which nobody else sees.
        case application
        /// `Shopbell` in the folder of an app group, which an extension shares. Open it in an extension with
        /// ``ShopbellClient/with(_:isolation:_:)``: a process that is suspended with a file lock in there is killed by
        /// the system (`0xdead10cc`). The app itself closes its files on the way to the background; one that was
        /// started in the background has to call ``ShopbellClient/pause(isolation:)`` before it tells the system that
        /// it is done.
        case appGroup(String)
        /// A folder of the app's own.
        case url(URL)
    }

    /// What is left out suits most apps. Nothing is checked here: the first call tells what can't be.
    public init(
        deskUrl: String,
        inbox: String,
        folder: Folder = .application,
        allowPlainHttp: Bool = false,
        userAgent: String? = nil,
        limits: Limits = Limits(),
        helpCenter: HelpCenterConfig? = nil
    ) {
        self.deskUrl = deskUrl
        self.inbox = inbox
        self.folder = folder
        self.allowPlainHttp = allowPlainHttp
        self.userAgent = userAgent
        self.limits = limits
        self.helpCenter = helpCenter
    }

    /// As the library takes it. Looks for the folder: not for a caller's thread.
    func native() throws -> ClientConfig {
        ClientConfig(
            deskUrl: deskUrl, inbox: inbox, dataDir: try folder.prepared().path, allowPlainHttp: allowPlainHttp,
            userAgent: userAgent, limits: limits, helpCenter: try helpCenter?.native())
    }
}

extension ShopbellConfig.Folder {
    /// The folder; on a phone readable from the first unlock on, whatever the app's default is: what waits is sent
    /// while the phone lies locked.
    func prepared() throws -> URL {
        let folder = try found()
        #if canImport(UIKit)
            let protection = [FileAttributeKey.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
            // Where this fails, opening tells what is wrong with the folder.
            try? FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: protection)
            try? FileManager.default.setAttributes(protection, ofItemAtPath: folder.path)
        #endif
        return folder
    }

    private func found() throws -> URL {
        switch self {
        case .application:
            let folders = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)
            guard let folder = folders.first else {
                throw SupportError.storage(problem: .folder, message: "the system names no folder for the app's data")
            }
            return folder.appendingPathComponent("Shopbell", isDirectory: true)
        case .appGroup(let group):
            #if canImport(Darwin)
                if let folder = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group) {
                    return folder.appendingPathComponent("Shopbell", isDirectory: true)
                }
            #endif
            throw SupportError.invalidConfig(
                field: "folder", message: "there is no app group \(group): add it to the target's capabilities")
        case .url(let folder):
            guard folder.isFileURL else {
                throw SupportError.invalidConfig(field: "folder", message: "the folder's URL must be a file URL")
            }
            return folder
        }
    }
}
