//! The table itself: field, type, key, default. The order is that of `spec/concepts/app-settings.md`.

use std::collections::BTreeMap;

use proto::platform::Policy;
use serde_json::{Map, Value};

use super::{CustomField, Described, Setting};

macro_rules! settings {
    ($($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr, $key:literal;)*) => {
        /// All settings of one app. Fields carry the dotted key's name with underscores.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings {
            $($(#[doc = $doc])* pub $field: $type,)*
            /// `limits.rest.<service>.<command>`, by `service/command`.
            pub(super) command_rates: BTreeMap<String, u32>,
        }

        impl Default for Settings {
            fn default() -> Settings {
                Settings { $($field: $default,)* command_rates: BTreeMap::new() }
            }
        }

        impl Settings {
            /// Every key, in the order of the table.
            pub const KEYS: &'static [&'static str] = &[$($key,)*];

            /// Every key with its meaning and what a value must be, in the order of the table.
            pub const DESCRIBED: &'static [Described] = &[$(Described {
                key: $key,
                meaning: concat!($($doc),*),
                expected: <$type as Setting>::EXPECTED,
            },)*];

            pub(super) fn assign(&mut self, key: &str, value: Value) -> Result<(), String> {
                match key {
                    $($key => {
                        let expected = <$type as Setting>::EXPECTED;
                        self.$field = Setting::read(value).ok_or_else(|| format!("{key}: expected {expected}"))?;
                    })*
                    _ => return Err(format!("{key}: no such setting")),
                }
                Ok(())
            }

            /// Every key with its value.
            pub fn all(&self) -> Map<String, Value> {
                [$(($key.to_owned(), self.$field.write()),)*].into_iter().collect()
            }
        }
    };
}

settings! {
    /// False: every REST call 60016, every login 60016.
    app_enabled: bool = true, "app.enabled";
    /// AppName, Company of the operations data.
    app_name: String = String::new(), "app.name";
    /// AppName, Company of the operations data.
    app_company: String = String::new(), "app.company";
    /// Administrators, at most 10; exist from the start.
    app_admins: Vec<String> = vec!["administrator".to_owned()], "app.admins";
    /// UserSig secrets; several during rotation.
    app_hmac_secrets: Vec<String> = Vec::new(), "app.hmac_secrets";
    /// ECDSA keys of old UserSigs.
    app_public_keys: Vec<String> = Vec::new(), "app.public_keys";
    /// Source addresses of REST calls, else 60021.
    app_rest_ip_allow: Vec<String> = Vec::new(), "app.rest_ip_allow";
    /// REST and socket without TLS where the operator listens for it (by default on loopback only).
    app_plain_http: bool = true, "app.plain_http";
    /// Failed checks per app and id before 70050 for 60 s; 0 = off.
    usersig_max_failures: i64 = 20, "usersig.max_failures";
    /// Live non-robot accounts, 70398.
    accounts_max: i64 = 0, "accounts.max";
    /// False: 71000.
    accounts_allow_delete: bool = true, "accounts.allow_delete";
    /// Re-import and login of a deleted id blocked, 70399.
    accounts_reimport_block_days: i64 = 0, "accounts.reimport_block_days";
    /// Operator's blocklist, 70051.
    accounts_blocked: Vec<String> = Vec::new(), "accounts.blocked";
    /// Valid robots, 10008.
    robots_max: i64 = 20, "robots.max";
    /// Which platforms may be online together.
    login_policy: Policy = Policy::Dual, "login.policy";
    /// Instances per native platform.
    login_max_instances: i64 = 1, "login.max_instances";
    /// Instances of class web.
    login_max_web_instances: i64 = 1, "login.max_web_instances";
    /// Session token ends with its UserSig.
    login_session_follows_usersig: bool = true, "login.session_follows_usersig";
    /// Unused session token ends.
    login_session_idle_days: i64 = 30, "login.session_idle_days";
    /// How long a dead token still gets 1002.
    login_kick_memory_hours: i64 = 24, "login.kick_memory_hours";
    /// Logins per user and minute, 70114.
    login_per_minute: i64 = 0, "login.per_minute";
    /// HelloInterval of wslogin.
    connection_hello_interval_seconds: i64 = 120, "connection.hello_interval_seconds";
    /// Silent web connection is dropped.
    connection_web_timeout_seconds: i64 = 60, "connection.web_timeout_seconds";
    /// The same for native clients.
    connection_native_timeout_seconds: i64 = 400, "connection.native_timeout_seconds";
    /// COMP frames for clients that offer gzip.
    connection_compress: bool = true, "connection.compress";
    /// False switches off every rate limit below.
    limits_enforce: bool = true, "limits.enforce";
    /// Per REST command, 60007; burst of one second.
    limits_rest_per_second: u32 = 200, "limits.rest_per_second";
    /// All REST calls of an app, 60011.
    limits_app_per_second: u32 = 5000, "limits.app_per_second";
    /// Per session; 60022 and OverLoadPush.notify2.
    limits_socket_commands: BTreeMap<String, u32> = BTreeMap::new(), "limits.socket_commands";
    /// REST body.
    limits_body_bytes: i64 = 1048576, "limits.body_bytes";
    /// One message.
    messages_max_bytes: i64 = 12288, "messages.max_bytes";
    /// Clients' recall, one-to-one and group: 20016, 10031.
    messages_recall_window_seconds: i64 = 120, "messages.recall_window_seconds";
    /// False: 10041.
    messages_group_recall_enabled: bool = true, "messages.group_recall_enabled";
    /// Visible period of history, conversations and files.
    messages_history_days: i64 = 0, "messages.history_days";
    /// Default MsgLifeTime of one-to-one messages.
    messages_offline_seconds: i64 = 604800, "messages.offline_seconds";
    /// The same for batchsendmsg.
    messages_batch_offline_seconds: i64 = 86400, "messages.batch_offline_seconds";
    /// Stored list of a merged message, 80002.
    messages_merged_max_bytes: i64 = 4194304, "messages.merged_max_bytes";
    /// A repeated send answers OK with the first identity.
    messages_c2c_dedup_seconds: i64 = 120, "messages.c2c_dedup_seconds";
    /// A repeated send answers OK with the first identity.
    messages_group_dedup_seconds: i64 = 300, "messages.group_dedup_seconds";
    /// Clients may write to friends only: 20009..20011.
    c2c_require_friendship: bool = false, "c2c.require_friendship";
    /// Blocklisted sender sees success; false: 20007.
    c2c_blocked_send_success: bool = true, "c2c.blocked_send_success";
    /// 0 = unlimited.
    unread_max_per_conversation: i64 = 250, "unread.max_per_conversation";
    /// 0 = unlimited.
    unread_max_conversations: i64 = 250, "unread.max_conversations";
    /// Word list for the client plugin.
    moderation_local_words: Vec<String> = Vec::new(), "moderation.local_words";
    /// Size of the list; oldest unpinned entry goes.
    conversation_max: i64 = 100, "conversation.max";
    /// 51012.
    conversation_max_pinned: i64 = 50, "conversation.max_pinned";
    /// Deletion is pushed to own other instances.
    conversation_sync_delete: bool = true, "conversation.sync_delete";
    /// Marks and conversation groups; false: 51013, ability bits 9 and 10 off.
    conversation_groups_enabled: bool = true, "conversation.groups_enabled";
    /// Conversation groups per user, 51010.
    conversation_max_groups: i64 = 20, "conversation.max_groups";
    /// Marked conversations per user, and conversations per group, 51008.
    conversation_max_marked: i64 = 1000, "conversation.max_marked";
    /// Friend verification of users who set none.
    profile_default_allow_type: String = "AllowType_Type_AllowAny".to_owned(), "profile.default_allow_type";
    /// Custom profile tags, else 40009.
    profile_custom_fields: Vec<CustomField> = Vec::new(), "profile.custom_fields";
    /// Custom friend tags, else 30001.
    sns_custom_fields: Vec<CustomField> = Vec::new(), "sns.custom_fields";
    /// 30010, 30014.
    sns_max_friends: i64 = 3000, "sns.max_friends";
    /// 30011.
    sns_max_lists: i64 = 32, "sns.max_lists";
    /// Open requests per direction, 30012.
    sns_max_pending: i64 = 100, "sns.max_pending";
    /// 30540, 31707.
    sns_anti_abuse_per_minute: i64 = 0, "sns.anti_abuse_per_minute";
    /// 30013.
    blocklist_max: i64 = 1000, "blocklist.max";
    /// Blocking does not end friendships.
    blocklist_keep_friendship: bool = false, "blocklist.keep_friendship";
    /// False: 60017, ability bit 52 off.
    follow_enabled: bool = true, "follow.enabled";
    /// 32100.
    follow_max_following: i64 = 5000, "follow.max_following";
    /// 32101; 32102, 32103.
    follow_max_followers: i64 = 0, "follow.max_followers";
    /// 32101; 32102, 32103.
    follow_max_mutual: i64 = 0, "follow.max_mutual";
    /// Reading and subscribing to others' status; false: 72001, ability bit 7 off.
    status_enabled: bool = true, "status.enabled";
    /// Friends get status pushes without a subscription.
    status_push_friends: bool = true, "status.push_friends";
    /// Per user; the oldest gives way.
    status_max_subscriptions: i64 = 200, "status.max_subscriptions";
    /// Custom status and subscriptions outlive a lost connection.
    status_offline_grace_seconds: i64 = 60, "status.offline_grace_seconds";
    /// PushOnline becomes Offline.
    status_push_online_days: i64 = 7, "status.push_online_days";
    /// Offline push channels of native and uni-app clients.
    push_channels: Vec<String> = Vec::new(), "push.channels";
    /// The operator's own push service; empty = none.
    push_http_url: String = String::new(), "push.http.url";
    /// It is told of users, too, whose devices gave no token.
    push_http_without_token: bool = true, "push.http.without_token";
    /// Where Apple's push service is.
    push_apns_url: String = "https://api.push.apple.com".to_owned(), "push.apns.url";
    /// Of the key for Apple's push service, and whose it is.
    push_apns_key_id: String = String::new(), "push.apns.key_id";
    /// Of the key for Apple's push service, and whose it is.
    push_apns_team_id: String = String::new(), "push.apns.team_id";
    /// The bundle id of the app on Apple's devices.
    push_apns_topic: String = String::new(), "push.apns.topic";
    /// Where Firebase Cloud Messaging is.
    push_fcm_url: String = "https://fcm.googleapis.com".to_owned(), "push.fcm.url";
    /// Where its access tokens are had; empty = as the service account says.
    push_fcm_token_url: String = String::new(), "push.fcm.token_url";
    /// Notification channel on Android of messages that name none.
    push_fcm_channel_id: String = String::new(), "push.fcm.channel_id";
    /// Authorities that push services are trusted by, beside those of the system.
    push_tls_ca_file: String = String::new(), "push.tls.ca_file";
    /// One attempt.
    push_timeout_ms: i64 = 5000, "push.timeout_ms";
    /// What could not be pushed for so long is not pushed any more.
    push_life_seconds: i64 = 86400, "push.life_seconds";
    /// Attempts at once; waiting pushes.
    push_max_parallel: i64 = 64, "push.max_parallel";
    /// Attempts at once; waiting pushes.
    push_max_waiting: i64 = 100000, "push.max_waiting";
    /// 10014, 10038.
    groups_private_max_members: i64 = 6000, "groups.private.max_members";
    /// 10014, 10038.
    groups_public_max_members: i64 = 6000, "groups.public.max_members";
    /// 10014, 10038.
    groups_chatroom_max_members: i64 = 6000, "groups.chatroom.max_members";
    /// 10014.
    groups_community_max_members: i64 = 100000, "groups.community.max_members";
    /// 10037.
    groups_max_joined: i64 = 1000, "groups.max_joined";
    /// 10058.
    groups_max_per_app: i64 = 0, "groups.max_per_app";
    /// 10036.
    groups_max_avchatrooms: i64 = 0, "groups.max_avchatrooms";
    /// 10006.
    groups_max_new_per_day: i64 = 0, "groups.max_new_per_day";
    /// 10037.
    groups_community_max_per_app: i64 = 0, "groups.community.max_per_app";
    /// 10037.
    groups_community_max_topics: i64 = 200, "groups.community.max_topics";
    /// Per group; what happens beyond: send_group_msg.
    groups_messages_per_second: i64 = 40, "groups.messages_per_second";
    /// 10004.
    groups_max_bytes_name: i64 = 100, "groups.max_bytes.name";
    /// 10004.
    groups_max_bytes_introduction: i64 = 400, "groups.max_bytes.introduction";
    /// 10004.
    groups_max_bytes_notification: i64 = 400, "groups.max_bytes.notification";
    /// 10004.
    groups_max_bytes_face_url: i64 = 500, "groups.max_bytes.face_url";
    /// 10004.
    groups_topic_max_bytes_name: i64 = 30, "groups.topic.max_bytes.name";
    /// 10004.
    groups_topic_max_bytes_introduction: i64 = 240, "groups.topic.max_bytes.introduction";
    /// 10004.
    groups_topic_max_bytes_notification: i64 = 300, "groups.topic.max_bytes.notification";
    /// 10004.
    groups_topic_max_bytes_face_url: i64 = 100, "groups.topic.max_bytes.face_url";
    /// 10004.
    groups_topic_max_bytes_custom_string: i64 = 3000, "groups.topic.max_bytes.custom_string";
    /// 10004.
    groups_max_bytes_name_card: i64 = 50, "groups.max_bytes.name_card";
    /// 10004.
    groups_max_bytes_ban_description: i64 = 1000, "groups.max_bytes.ban_description";
    /// Accounts or groups per call.
    groups_batch_create: i64 = 100, "groups.batch.create";
    /// Accounts or groups per call.
    groups_batch_add: i64 = 300, "groups.batch.add";
    /// Accounts or groups per call.
    groups_batch_import_members: i64 = 300, "groups.batch.import_members";
    /// Accounts or groups per call.
    groups_batch_delete: i64 = 100, "groups.batch.delete";
    /// Accounts or groups per call.
    groups_batch_ban: i64 = 20, "groups.batch.ban";
    /// Accounts or groups per call.
    groups_batch_mute: i64 = 500, "groups.batch.mute";
    /// Accounts or groups per call.
    groups_batch_roles: i64 = 500, "groups.batch.roles";
    /// Accounts or groups per call.
    groups_batch_profiles: i64 = 50, "groups.batch.profiles";
    /// Accounts or groups per call.
    groups_batch_marks: i64 = 500, "groups.batch.marks";
    /// Of ordinary groups; AVChatRoom 5.
    groups_max_admins: i64 = 0, "groups.max_admins";
    /// Group custom fields.
    groups_custom_fields: Vec<CustomField> = Vec::new(), "groups.custom_fields";
    /// Member custom fields.
    groups_member_custom_fields: Vec<CustomField> = Vec::new(), "groups.member_custom_fields";
    /// New members read older history.
    groups_private_history_before_join: bool = false, "groups.private.history_before_join";
    /// The same in Public groups.
    groups_public_history_before_join: bool = false, "groups.public.history_before_join";
    /// The same in ChatRoom groups.
    groups_chatroom_history_before_join: bool = true, "groups.chatroom.history_before_join";
    /// The same in communities.
    groups_community_history_before_join: bool = true, "groups.community.history_before_join";
    /// Unread counts in Meeting groups.
    groups_chatroom_unread: bool = false, "groups.chatroom.unread";
    /// Notice 12 instead of adding.
    groups_invite_needs_consent: bool = false, "groups.invite_needs_consent";
    /// Idle groups are dismissed, notice 11.
    groups_recycle_days: i64 = 0, "groups.recycle_days";
    /// Which changes make tips: members, profile, options, custom_fields, roles, topic; stored, pushed or off.
    groups_private_tips: BTreeMap<String, String> = BTreeMap::new(), "groups.private.tips";
    /// The same for Public groups.
    groups_public_tips: BTreeMap<String, String> = BTreeMap::new(), "groups.public.tips";
    /// The same for ChatRoom groups.
    groups_chatroom_tips: BTreeMap<String, String> = BTreeMap::new(), "groups.chatroom.tips";
    /// The same for communities.
    groups_community_tips: BTreeMap<String, String> = BTreeMap::new(), "groups.community.tips";
    /// Per group, all four write commands together, 10049.
    groups_attr_writes_per_second: i64 = 5, "groups.attr_writes_per_second";
    /// A connection lost for so long counts as quit; longer than a client's reconnect, which takes up to 60.
    groups_avchatroom_offline_seconds: i64 = 120, "groups.avchatroom.offline_seconds";
    /// Online member list.
    groups_avchatroom_list_max: i64 = 1000, "groups.avchatroom.list_max";
    /// Online member list.
    groups_avchatroom_list_page: i64 = 500, "groups.avchatroom.list_page";
    /// Recent messages for joiners.
    groups_avchatroom_history_on_join: i64 = 20, "groups.avchatroom.history_on_join";
    /// Tips of who came and went, times those who are told; 0 = no limit, one a second always.
    groups_avchatroom_tip_deliveries_per_second: i64 = 40_000, "groups.avchatroom.tip_deliveries_per_second";
    /// Communities and topics; false: 11000, ability bit 3.
    features_community: bool = true, "features.community";
    /// Online list, marks; ban; history on join; false: 10007, ability bits 6, 11, 2.
    features_avchatroom_members: bool = true, "features.avchatroom_members";
    /// Online list, marks; ban; history on join; false: 10007, ability bits 6, 11, 2.
    features_avchatroom_ban: bool = true, "features.avchatroom_ban";
    /// Online list, marks; ban; history on join; false: 10007, ability bits 6, 11, 2.
    features_avchatroom_history: bool = true, "features.avchatroom_history";
    /// False: 10059, ability bit 15.
    features_group_counters: bool = true, "features.group_counters";
    /// False: 10059.
    features_read_receipts: bool = true, "features.read_receipts";
    /// False: 10008, ability bit 13.
    features_message_extensions: bool = true, "features.message_extensions";
    /// Ability bit 48.
    features_reactions: bool = true, "features.reactions";
    /// Ability bit 4.
    features_targeted_messages: bool = true, "features.targeted_messages";
    /// False: 90045.
    push_all_enabled: bool = true, "push_all.enabled";
    /// 90047.
    push_all_per_day: i64 = 100, "push_all.per_day";
    /// 90024.
    push_all_min_interval_seconds: i64 = 1, "push_all.min_interval_seconds";
    /// Same MsgRandom gives the earlier TaskId.
    push_all_random_dedup_days: i64 = 7, "push_all.random_dedup_days";
    /// All four searches; false: 60020, ability bit 1 off.
    search_enabled: bool = true, "search.enabled";
    /// Who can be found by user_search.
    search_users: String = "all".to_owned(), "search.users";
    /// 60018.
    search_per_second: i64 = 0, "search.per_second";
    /// Life of a cursor, 27003 afterwards.
    search_cursor_seconds: i64 = 120, "search.cursor_seconds";
    /// Upload URLs; false: 60017.
    files_enabled: bool = true, "files.enabled";
    /// Start of upload and download URLs.
    files_public_base_url: String = String::new(), "files.public_base_url";
    /// Life of an upload URL.
    files_upload_url_seconds: i64 = 900, "files.upload_url_seconds";
    /// 413; sent as cloud key upload_size_limit.
    files_max_mb: BTreeMap<String, u32> = BTreeMap::from([("image", 20), ("audio", 20), ("video", 100), ("file", 100)].map(|(kind, size)| (kind.to_owned(), size))), "files.max_mb";
    /// When stored files are removed.
    files_keep_days: i64 = 0, "files.keep_days";
    /// Downloads need authKey.
    files_download_auth: bool = false, "files.download_auth";
    /// Smaller pictures are made of uploaded ones.
    files_thumbnails: bool = true, "files.thumbnails";
    /// Server makes cover pictures.
    files_video_cover: bool = false, "files.video_cover";
    /// Backend that does the work; set: ability bit 38, 39.
    translate_url: String = String::new(), "translate.url";
    /// One question to the translation service.
    translate_timeout_ms: i64 = 10_000, "translate.timeout_ms";
    /// Questions to the translation service at once.
    translate_max_parallel: i64 = 64, "translate.max_parallel";
    /// Authorities that the translation service is trusted by, beside those of the system.
    translate_tls_ca_file: String = String::new(), "translate.tls.ca_file";
    /// Backend that does the work; set: ability bit 38, 39.
    speech_url: String = String::new(), "speech.url";
    /// One question to the speech service.
    speech_timeout_ms: i64 = 10_000, "speech.timeout_ms";
    /// Questions to the speech service at once.
    speech_max_parallel: i64 = 16, "speech.max_parallel";
    /// Authorities that the speech service is trusted by, beside those of the system.
    speech_tls_ca_file: String = String::new(), "speech.tls.ca_file";
    /// Days and hours of statistics and exports.
    operations_timezone: String = "UTC+8".to_owned(), "operations.timezone";
    /// Current day in the statistics.
    operations_include_today: bool = true, "operations.include_today";
    /// Export files are kept, 1005 afterwards.
    operations_history_days: i64 = 7, "operations.history_days";
    /// Life of a download link.
    operations_export_url_hours: i64 = 24, "operations.export_url_hours";
    /// Answer of GetIPList by class, `sdk` and `webhook`: addresses or networks.
    server_ip_list: BTreeMap<String, Vec<String>> = BTreeMap::new(), "server.ip_list";
    /// One URL for all commands.
    webhooks_url: String = String::new(), "webhooks.url";
    /// Switches; pairs share one (webhooks 6); Alert.RequestOverLimit has none.
    webhooks_commands: BTreeMap<String, bool> = BTreeMap::new(), "webhooks.commands";
    /// Sign and RequestTime.
    webhooks_auth_enabled: bool = false, "webhooks.auth_enabled";
    /// Sign and RequestTime.
    webhooks_auth_token: String = String::new(), "webhooks.auth_token";
    /// Before kinds.
    webhooks_before_timeout_ms: i64 = 2000, "webhooks.before_timeout_ms";
    /// After kinds.
    webhooks_after_timeout_ms: i64 = 2000, "webhooks.after_timeout_ms";
    /// Failed before-webhook: go on, or 80003 / 10016; never for friend webhooks.
    webhooks_failure_policy: String = "deliver".to_owned(), "webhooks.failure_policy";
    /// Up to 3 more attempts after a time-out.
    webhooks_retry_after_events: bool = false, "webhooks.retry_after_events";
    /// Waiting events survive a restart.
    webhooks_delivery: String = "durable".to_owned(), "webhooks.delivery";
    /// Attempts at once; waiting events.
    webhooks_max_parallel: i64 = 256, "webhooks.max_parallel";
    /// Attempts at once; waiting events.
    webhooks_max_waiting: i64 = 100000, "webhooks.max_waiting";
    /// Alert.RequestOverLimit.
    webhooks_alert_percent: i64 = 80, "webhooks.alert_percent";
    /// Alert.RequestOverLimit.
    webhooks_alert_interval_seconds: i64 = 60, "webhooks.alert_interval_seconds";
    /// Trust and mutual TLS; insecure for tests only.
    webhooks_tls_ca_file: String = String::new(), "webhooks.tls.ca_file";
    /// Trust and mutual TLS; insecure for tests only.
    webhooks_tls_client_cert: String = String::new(), "webhooks.tls.client_cert";
    /// Trust and mutual TLS; insecure for tests only.
    webhooks_tls_client_key: String = String::new(), "webhooks.tls.client_key";
    /// Trust and mutual TLS; insecure for tests only.
    webhooks_tls_insecure: bool = false, "webhooks.tls.insecure";
    /// HTTP/2 by ALPN.
    webhooks_http2: bool = false, "webhooks.http2";
    /// Events wait while it is on.
    webhooks_paused: bool = false, "webhooks.paused";
    /// How long an event that is not delivered is tried.
    webhooks_retry_hours: i64 = 72, "webhooks.retry_hours";
    /// How long the log of deliveries is kept.
    webhooks_log_days: i64 = 7, "webhooks.log_days";
    /// Key of the signature over bodies; empty = made from the app's first secret key.
    webhooks_signing_secret: String = String::new(), "webhooks.signing_secret";
    /// Content of fetch_config.
    cloud_keys: BTreeMap<String, String> = BTreeMap::from([("evt_rpt_waiting".to_owned(), "10000".to_owned())]), "cloud.keys";
    /// Next fetch of configuration and ability bits.
    cloud_expire_seconds: i64 = 3600, "cloud.expire_seconds";
}
