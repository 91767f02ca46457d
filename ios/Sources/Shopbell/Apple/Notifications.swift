#if canImport(UserNotifications)
    import ShopbellBindings
    import UserNotifications

    extension PushNews {
        /// What `userInfo` of a filled notification has the conversation's id under.
        public static let conversationKey = "shopbell_conversation_id"

        /// Writes it into a notification: who wrote, what, the badge, and where it leads. What the desk could not be
        /// reached for stays as it is, so let the push itself bring words for that.
        public func fill(_ content: UNMutableNotificationContent) {
            if let name = author?.shownName { content.title = name }
            if let preview { content.body = preview }
            content.badge = NSNumber(value: totalUnread)
            // The system puts a conversation's notifications together.
            content.threadIdentifier = conversation
            content.userInfo[Self.conversationKey] = conversation
        }
    }

    extension Author {
        fileprivate var shownName: String? {
            switch self {
            case .agent(let agent): agent?.name
            case .bot(let name): name
            case .customer, .desk: nil
            }
        }
    }
#endif
