//! Every code, its number on the wire and the text answered with it when the caller of [`Fail`](super::Fail)
//! has nothing better to say.
//!
//! The numbers are those of `spec/concepts/error-codes.yaml`; a test in the parent module compares the two.

/// Makes the enum and its three lookups out of one row per code.
macro_rules! codes {
    ($($(#[$note:meta])* $name:ident = $number:literal, $text:literal;)+) => {
        /// A result code of the wire protocol. The discriminant is the number on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(i32)]
        pub enum Code {
            $($(#[$note])* $name = $number,)+
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The English text that goes into `ErrorInfo`.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)+
                }
            }

            /// The code with this number on the wire.
            pub const fn from_number(number: i64) -> Option<Code> {
                match number {
                    $($number => Some(Code::$name),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    // General.
    Ok = 0, "ok";
    BadUrl = 60002, "bad request: the URL must be /v4/<service>/<command>";
    BadJson = 60003, "the body is not valid JSON";
    IdentifierMissing = 60004, "identifier or usersig is missing or wrong";
    UserSigMissing = 60005, "identifier or usersig is missing or wrong in the URL";
    BadAppId = 60006, "sdkappid is not valid";
    CommandRate = 60007, "this command is called too often";
    TimedOut = 60008, "the request took too long";
    UnknownCommand = 60009, "no command has this name";
    NotAdmin = 60010, "identifier must be an administrator of the app";
    AppRate = 60011, "the app calls too often";
    NoAppId = 60012, "sdkappid is missing";
    ResponseUnreadable = 60013, "the answer of an inner service is not valid JSON";
    ExchangeTimedOut = 60014, "the exchange of accounts took too long";
    UserIdNotText = 60015, "a user id must be a string";
    AppDisabled = 60016, "the app is disabled";
    FeatureOff = 60017, "this feature is switched off for the app";
    Overloaded = 60018, "too many requests, try again later";
    OverloadedAgain = 60019, "too many requests, try again a little later";
    PlanEnded = 60020, "this feature is not part of the app's plan";
    SourceRefused = 60021, "requests from this address are not allowed";
    ServiceOverloaded = 60022, "the server is overloaded, try again";

    // Content and messages in general.
    TextRefused = 80001, "the text was refused by moderation";
    MsgTooLong = 80002, "the message is longer than 12288 bytes";
    BeforeWebhookFailed = 80003, "the webhook before sending failed, so the message was not sent";
    ImageRefused = 80004, "the image was refused by moderation";
    ServiceStopped = 80005, "the service is stopped for the app";
    ContentRefused = 80101, "the message was refused by moderation";

    // Accounts and UserSig.
    SigExpired = 70001, "the UserSig has expired";
    SigEmpty = 70002, "the UserSig is empty";
    SigMalformed = 70003, "the UserSig cannot be decoded";
    SigInvalid = 70005, "the UserSig is invalid";
    SigWrong = 70009, "the signature of the UserSig is wrong; it was made with another key";
    SigOtherUser = 70013, "the UserSig belongs to another user id";
    SigOtherApp = 70014, "the UserSig belongs to another SDKAppID";
    SigNoKey = 70016, "the app has no key of the kind this UserSig needs";
    NoSuchApp = 70020, "no app has this SDKAppID";
    SigPenalty = 70050, "too many failed verifications, try again in a minute";
    AccountBlocked = 70051, "the account is blocked";
    SigRevoked = 70052, "the UserSig was revoked, make a new one";
    TicketExpired = 70101, "the ticket has expired";
    AccountUnknown = 70107, "Err_TLS_PT_Open_Login_Account_Not_Exist";
    LoginRestricted = 70114, "login is restricted for safety reasons";
    AccountTimedOut = 70169, "the account service took too long, try again";
    AccountTimedOutAgain = 70202, "the account service took too long, try again later";
    BatchSize = 70206, "the number of accounts in the request is not allowed";
    AccountQuota = 70398, "the app may not have more accounts";
    ReimportBlocked = 70399, "the user id was deleted a short time ago and cannot be imported yet";
    AccountParam = 70402, "a parameter is missing or invalid";
    AccountDenied = 70403, "only an administrator of the app may do this";
    ClientTooOld = 70404, "the client SDK is too old";
    AccountInternal = 70500, "internal error, try again";
    DeleteForbidden = 71000, "the app does not allow deleting accounts";
    ActiveUserQuota = 72000, "the quota of daily active users is used up";
    StatusOff = 72001, "user status is switched off for the app";
    ProfileWatchOff = 72012, "subscribing to profile changes is switched off for the app";

    // Profiles.
    ProfileParam = 40001, "Err_Profile_Comm_Decode_Fail";
    ProfileNoAccounts = 40002, "To_Account is empty";
    ProfileUnknown = 40003, "the account does not exist";
    ProfileDenied = 40004, "only an administrator of the app may do this";
    ProfileWords = 40005, "a profile field contains forbidden words";
    ProfileInternal = 40006, "internal error, try again";
    ProfileReadDenied = 40007, "this profile field may not be read";
    ProfileWriteDenied = 40008, "this profile field may not be written";
    ProfileTag = 40009, "no profile field has this tag";
    ProfileTooLong = 40601, "the value of a profile field is longer than 500 bytes";
    ProfileValue = 40605, "the value of a profile field is not one of the allowed values";
    ProfileType = 40610, "the value of a profile field has the wrong type";

    // Relations.
    SnsParam = 30001, "a parameter is missing or invalid";
    SnsOtherApp = 30002, "the SDKAppIDs do not match";
    SnsUnknown = 30003, "the account does not exist";
    SnsDenied = 30004, "only the user itself or an administrator of the app may do this";
    SnsWords = 30005, "a field contains forbidden words";
    SnsInternal = 30006, "internal error, try again";
    SnsTimedOut = 30007, "the request took too long, try again";
    SnsConflict = 30008, "two writes collided, try again or use the batch form";
    SnsRequestForbidden = 30009, "this user may not send friend requests";
    FriendsFull = 30010, "the friend list is full";
    FriendGroupsFull = 30011, "the number of friend groups is at its limit";
    PendingFull = 30012, "the number of pending friend requests is at its limit";
    BlocklistFull = 30013, "the blocklist is full";
    PeerFriendsFull = 30014, "the friend list of the other user is full";
    AlreadyFriends = 30015, "they are friends already";
    FriendBlocked = 30515, "the other user is on the own blocklist";
    FriendRefusesAll = 30516, "the other user accepts no friend requests";
    FriendBlockedByPeer = 30525, "the other user has blocked the requester";
    /// No failure: tells a request that waits for consent from one that succeeded at once.
    FriendPending = 30539, "the friend request waits for the consent of the other user";
    FriendRate = 30540, "too many friend requests, try again later";
    PendingUnknown = 30614, "the pending friend request does not exist";
    NotFriend = 31704, "the account is not a friend";
    FriendDeleteRate = 31707, "too many removals of friends, try again later";
    SnsAccountUnknown = 31804, "the account is not there";
    GroupedNotFriend = 32216, "the account to be put into a friend group is not a friend";
    FollowingFull = 32100, "the number of followed users is at its limit";
    FollowersFull = 32101, "the number of followers of the other user is at its limit";
    MutualFull = 32102, "the number of mutual followers is at its limit";
    PeerMutualFull = 32103, "the number of mutual followers of the other user is at its limit";

    // Recent contacts.
    ContactUnknown = 50001, "the account does not exist";
    ContactParam = 50002, "a parameter is missing or invalid";
    ContactDenied = 50003, "only the user itself or an administrator of the app may do this";
    ContactInternal = 50004, "internal error, try again";
    ContactTimedOut = 50005, "the request took too long, try again";
    ContactBatchSize = 51006, "the list of conversations must have 1 to 100 entries";
    ContactGroupGone = 51007, "the group of a conversation does not exist any more";
    ContactMarksFull = 51008, "the number of marked, grouped or annotated conversations is at its limit";
    ContactGroupUnknown = 51009, "the conversation group does not exist";
    ContactGroupsFull = 51010, "the number of conversation groups is at its limit";
    ContactGroupName = 51011, "the name of a conversation group is longer than 32 bytes";
    ContactPinsFull = 51012, "the number of pinned conversations is at its limit";
    ContactGroupsOff = 51013, "conversation groups and marks are switched off for the app";

    // One-to-one messages.
    MsgInvalid = 20001, "the request is invalid";
    MsgLoginInvalid = 20002, "the login is not valid any more, log in again";
    MsgFromUnknown = 20003, "the sender or the recipient is invalid or does not exist";
    MsgNetwork = 20004, "network failure in the server, try again";
    MsgInternal = 20005, "internal error, try again";
    MsgRefused = 20006, "the message was refused by the application server";
    MsgBlocked = 20007, "the recipient has blocked the sender";
    MsgOtherApp = 20008, "sender and recipient belong to different apps";
    MsgNotFriends = 20009, "sender and recipient are not friends";
    MsgNotTheirFriend = 20010, "the sender is not in the friend list of the recipient";
    MsgNotOwnFriend = 20011, "the recipient is not in the friend list of the sender";
    MsgMuted = 20012, "the sender is muted";
    RecallTooLate = 20016, "the message is too old to be recalled";
    MsgDeleteInternal = 20018, "internal error while deleting messages, try again";
    RecallUnknown = 20022, "the message to be recalled does not exist";
    RecallTwice = 20023, "message already withdrawn";
    ModifyUnknown = 20026, "the message does not exist";
    ModifyConflict = 20027, "the message was modified by someone else, read it again";
    ModifyConflictDocumented = 20028, "the message was modified by someone else; read it again first";
    PushTokenEarly = 21005, "the push token was set before the login";
    PushNoCertificate = 22001, "no offline push certificate is configured";
    PushNetwork = 22002, "network failure, try again";
    PushTokenEmpty = 22003, "the push token is empty";
    PushTokenTooLong = 22004, "the push token is longer than 256 bytes";
    PushLoginTooLong = 22005, "the login data is longer than 1024 bytes";
    PushRate = 22006, "too many requests, try again later";
    ExtensionConflict = 23001, "the extension was changed by someone else, read its newest sequence";
    ExtensionUnsupported = 23002, "the message does not support extensions";
    ExtensionRate = 23003, "the extensions of this message are changed too often";
    ExtensionUnknown = 23004, "the message or the extension does not exist";
    ReactionsFull = 23005, "the number of reactions on the message is at its limit";
    ReactionUsersFull = 23006, "the number of users on the reaction is at its limit";
    ReactionTwice = 23007, "the user is on the reaction already";
    ReactionUnknown = 23008, "the reaction does not exist";
    ReactionNotOwn = 23009, "the user is not on the reaction";
    C2cJson = 90001, "Fail to Parse json data of body, Please check it";
    C2cBody = 90002, "MsgBody does not follow the message format";
    C2cTo = 90003, "To_Account is missing or invalid";
    C2cSeq = 90004, "MsgSeq is invalid";
    C2cRandom = 90005, "MsgRandom is missing or not an integer";
    C2cTimeStamp = 90006, "MsgTimeStamp is missing or not an integer";
    C2cBodyNotList = 90007, "MsgBody must be an array";
    C2cFrom = 90008, "From_Account is missing or does not exist";
    C2cDenied = 90009, "only an administrator of the app may do this";
    C2cElement = 90010, "an element of MsgBody does not follow its format";
    C2cTooMany = 90011, "To_Account has more than 500 entries";
    C2cToUnknown = 90012, "invalid To_Account";
    C2cPeersTooMany = 90018, "too many accounts in the request";
    C2cLifeTime = 90026, "MsgLifeTime is more than 604800 seconds";
    C2cSync = 90031, "SyncOtherMachine is not an integer";
    C2cPushInfo = 90043, "OfflinePushInfo does not follow its format";
    C2cLifeTimeType = 90044, "MsgLifeTime is not an integer";
    C2cAccountUnknown = 90048, "the account does not exist";
    C2cMsgKey = 90054, "MsgKey is invalid";
    C2cBatchTooLong = 90055, "the message of the batch is longer than 12288 bytes";
    C2cWebhookInternal = 90992, "internal error or time-out; if webhooks are on, check that they are answered";
    C2cInternalStore = 90994, "internal error, try again";
    C2cInternalSend = 90995, "internal error, try again";
    C2cInternal = 91000, "internal error, try again";
    WebInstanceReplaced = 91101, "too many web instances are online, so this one was dropped";
    C2cTooLong = 93000, "the message is longer than 12288 bytes";

    // Search.
    SearchParam = 27003, "a parameter of the search is wrong, or its cursor is unknown or expired";

    // Push to all users.
    PushTagTooLong = 90020, "a tag is longer than 50 bytes";
    PushTagTwice = 90022, "TagsOr and TagsAnd contain the same tag";
    PushTooSoon = 90024, "two pushes must be more than one second apart";
    /// Shared by two services: attributes of push to all users, and the mode of a message import.
    C2cImportMode = 90030, "an attribute is empty or too long, or SyncFromOldSystem is invalid";
    PushTagsTooMany = 90032, "more than 10 tags";
    PushAttribute = 90033, "the attribute is invalid";
    PushTagLength = 90034, "a tag is longer than 50 bytes";
    PushTagsAndAttributes = 90039, "tags and attrs can not be used together";
    PushTagEmpty = 90040, "a tag is empty";
    PushAllOff = 90045, "push to all users is switched off for the app";
    PushAllQuota = 90047, "the daily number of pushes to all users is used up";

    // Groups.
    GroupLogin = 10001, "not logged in: the administrator or the UserSig is wrong";
    GroupInternal = 10002, "internal error, try again";
    GroupUnknownCommand = 10003, "the group service has no command of this name";
    GroupParam = 10004, "a parameter is invalid";
    GroupAccountsTooMany = 10005, "too many accounts in the request";
    GroupRate = 10006, "too frequent, try again later";
    GroupDenied = 10007, "no permission for this operation";
    GroupRequest = 10008, "the request is invalid";
    GroupOwnerStays = 10009, "the owner may not leave a group of this type";
    GroupUnknown = 10010, "this group does not exist";
    GroupJson = 10011, "the body is not valid JSON";
    GroupOperator = 10012, "the user id of the operator is invalid";
    GroupMemberAlready = 10013, "the user is a member already";
    GroupFull = 10014, "the group is full";
    GroupIdInvalid = 10015, "invalid group id";
    GroupRefused = 10016, "refused by the application server";
    GroupMuted = 10017, "the sender is muted in this group";
    GroupAnswerTooLong = 10018, "the answer would be longer than 1 MB, ask for less";
    GroupAccountUnknown = 10019, "the user id does not exist";
    GroupMsgTooLong = 10020, "the message is longer than 12288 bytes";
    GroupIdTaken = 10021, "the group id is in use";
    GroupMsgRate = 10023, "msg count exceeds limit,please retry later";
    GroupHandledAlready = 10024, "the invitation or application was handled already";
    GroupIdTakenByOwner = 10025, "the group id is in use and the caller owns that group";
    GroupCommandOff = 10026, "this command is switched off for the app";
    GroupRecallUnknown = 10030, "the message to be recalled does not exist";
    GroupRecallTooLate = 10031, "the message is too old to be recalled";
    GroupRecallRefused = 10032, "the message cannot be recalled";
    GroupTypeNoRecall = 10033, "messages of this group type cannot be recalled";
    GroupMsgUndeletable = 10034, "a message of this kind cannot be deleted";
    GroupTypeNoDelete = 10035, "messages of this group type cannot be deleted";
    GroupRoomsFull = 10036, "too many audio-video groups";
    GroupUserFull = 10037, "the user has created or joined too many groups";
    GroupMembersLimit = 10038, "the number of members is over the limit";
    GroupRecallOff = 10041, "recalling group messages is switched off for the app";
    GroupTypeNoHistory = 10044, "groups of this type keep no history";
    GroupAttrKey = 10045, "attribute key is longer than 32 bytes";
    GroupAttrValue = 10046, "attribute value is longer than 4000 bytes";
    GroupAttrsTooMany = 10047, "more than 16 attributes";
    GroupAttrsTooLong = 10048, "the attributes together are longer than 16000 bytes";
    GroupAttrRate = 10049, "attributes are written too often";
    GroupAttrUnknown = 10050, "attribute to delete does not exist";
    GroupDeleteTooMany = 10051, "the deletion covers too many messages";
    GroupNothingToDelete = 10052, "the group has no message to delete";
    GroupMentions = 10053, "more than 30 mentions in a message";
    GroupMembersTooMany = 10054, "too many members for one answer, read page by page";
    GroupAttrConflict = 10056, "the attributes were changed by someone else, read them again";
    GroupQuota = 10058, "the app may not have more groups";
    GroupFeatureOff = 10059, "this feature is switched off for the app";
    GroupReceiptTooLarge = 10060, "the group is too large for read receipts";
    GroupReceiptOnlineOnly = 10061, "a message for online users only has no read receipts";
    GroupReceiptNotAsked = 10062, "the message asked for no read receipts";
    GroupCountersFull = 10063, "more than 20 counters in the group";
    GroupPinsFull = 10070, "the number of pinned messages is at its limit";
    GroupPinnedAlready = 10071, "the message is pinned already";
    CommunityOff = 11000, "communities are switched off for the app";
    TopicDelete = 110002, "the topic could not be deleted";
    TopicUnknown = 110003, "topic does not exist";

    // Global mute and operations data.
    MuteJson = 130001, "the body is not valid JSON";
    MuteGetMissing = 130002, "Get_Account is missing";
    MuteGetInvalid = 130003, "Get_Account is invalid";
    MuteSetMissing = 130004, "Set_Account is missing";
    MuteSetInvalid = 130005, "Set_Account is invalid";
    MuteNoTime = 130008, "C2CmsgNospeakingTime and GroupmsgNospeakingTime are both missing";
    MuteStoreOpen = 130009, "the store could not be opened, try again";
    MuteStoreSilent = 130010, "the store does not answer, try again";
    MuteStoreQuery = 130011, "the store could not be read, try again";
    MuteStoreAnswer = 130012, "the answer of the store could not be read, try again";
    MuteInternal = 130014, "internal error, try again";
    HistoryUrl = 1001, "the URL of the request is wrong";
    /// By REST: a wrong parameter of a message download. On the socket: this instance was kicked
    /// (`KickType`).
    Kicked = 1002, "this session was kicked, or a parameter is wrong";
    HistoryInternal = 1003, "internal error, try again";
    HistoryNotReady = 1004, "file has not been generated or no message in this hour";
    HistoryExpired = 1005, "the file has expired";

    // Results of an offline push.
    PushGoogleObject = -195, "the push for Google could not be built, check the certificate";
    PushIntentMissing = -196, "the push needs an intent and has none";
    PushCertificate = -197, "the push certificate is wrong";
    PushVendorError = -198, "the push service answered with an error";
    PushVendorSilent = -199, "the push service cannot be reached";
    PushServerNetwork = -200, "network failure in the server";
    PushToken = -201, "the push token or certificate id is invalid";
    PushObject = -202, "the push could not be built";
    PushVendorQuota = -203, "the daily limit of the push service is used up";

    // The connection of a client.
    ConnectionsTooMany = -302, "too many connections";
    LinkCheckFlag = -10000, "the flag of the verification code is wrong";
    LinkKeyExpired = -10001, "the session key has expired, log in again";
    LinkTicketExpired = -10003, "the session ticket has expired, log in again";
    LinkTicketInvalid = -10004, "the session ticket is invalid, log in again";
    LinkKeyEmpty = -10005, "the key is empty";
    LinkKeyOtherUser = -10006, "the account of the key is not the account of the packet";
    LinkCheckLate = -10007, "the verification code came too late";
    LinkKeyMissing = -10008, "key and ticket are missing";
    LinkCookie = -10009, "the cookie does not fit";
    LinkKeyExpiredOnHint = -10101, "the key expired during delivery";
    LinkBroken = -10102, "the connection is broken";
    LinkIdentity = -10103, "the identity is not valid any more";
    LinkClientEnded = -10104, "the client ended the connection";
    LinkSdkEnded = -10105, "the SDK ended the connection";
    LinkDecryption = -10106, "decryption failed too often, log in again";
    LinkAggregated = -10107, "aggregated packets are not supported";
    LinkCredit = -10108, "the prepaid credit is used up";
    LinkPacket = -10109, "the packet has a wrong form";
    LinkAppBlocked = -10110, "the app is blocked";
    LinkAppCommandBlocked = -10111, "the app may not use this command";
    LinkAppOff = -10112, "the app is out of use";
    LinkCommandRate = -10113, "this command is called too often";
    LinkOverloaded = -10114, "dropped because of overload";
    LinkRate = -20009, "the client calls too often";

    // Transfer of files.
    FileMissing = 114000, "the file does not exist";
    FileDenied = 114001, "the file may not be read";
    FileTooLarge = 114002, "the file is too large";
    FileCancelled = 114003, "the transfer was cancelled";
    FileUnreadable = 114004, "the file could not be read";
    FileTimedOut = 114005, "the transfer took too long";
    FileParam = 114011, "a parameter is invalid";
    FileTransfer = 115000, "the transfer failed";
    FileDigest = 115066, "the MD5 of the file is wrong";
    FilePartDigest = 115068, "the MD5 of a part of the file is wrong";
}
