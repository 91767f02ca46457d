// A phone for the tests to kill: `phone DESK INBOX FOLDER`. Each line that comes in is sent in a new conversation, whose
// id is said when the message is kept.

import Foundation
import Shopbell

let arguments = CommandLine.arguments
guard arguments.count == 4 else { exit(2) }
let client = ShopbellClient(
    ShopbellConfig(deskUrl: arguments[1], inbox: arguments[2], folder: .url(URL(fileURLWithPath: arguments[3]))))
while let line = readLine() {
    let conversation = try await client.startConversation()
    try await conversation.send(line)
    try FileHandle.standardOutput.write(contentsOf: Data((conversation.id + "\n").utf8))
}
