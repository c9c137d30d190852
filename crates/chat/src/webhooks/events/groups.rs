//! Bodies of webhooks about groups, their members and their topics. `spec/webhooks/Group.*.yaml`

use serde::Serialize;

/// One user in a list.
#[derive(Serialize)]
pub(crate) struct ListedUser<'a> {
    #[serde(rename = "Member_Account")]
    pub(crate) user: &'a str,
}

impl ListedUser<'_> {
    pub(crate) fn list<'a>(users: impl IntoIterator<Item = &'a String>) -> Vec<ListedUser<'a>> {
        users.into_iter().map(|user| ListedUser { user }).collect()
    }
}

/// Group.CallbackBeforeCreateGroup.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeforeCreateGroup<'a> {
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Owner_Account")]
    pub(crate) owner: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) create_group_num: i64,
    /// By the names of kinds.
    pub(crate) created_group_num: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invite_option: Option<&'static str>,
    pub(crate) member_list: Vec<ListedUser<'a>>,
    pub(crate) event_time: i64,
}

/// A custom field that was given.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GivenField<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// Group.CallbackAfterCreateGroup.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterCreateGroup<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Owner_Account")]
    pub(crate) owner: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) member_list: Vec<ListedUser<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) user_defined_data_list: Vec<GivenField<'a>>,
    pub(crate) event_time: i64,
}

/// Group.CallbackBeforeApplyJoinGroup.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeforeApplyJoin<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Requestor_Account")]
    pub(crate) requester: &'a str,
    pub(crate) event_time: i64,
}

/// Group.CallbackBeforeInviteJoinGroup.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeforeInviteJoin<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    pub(crate) destination_members: Vec<ListedUser<'a>>,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterNewMemberJoin.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterJoin<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    /// Apply or Invited.
    pub(crate) join_type: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    pub(crate) new_member_list: Vec<ListedUser<'a>>,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterMemberExit.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterExit<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    /// Kicked or Quit.
    pub(crate) exit_type: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    pub(crate) exit_member_list: Vec<ListedUser<'a>>,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterGroupFull.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterFull<'a> {
    pub(crate) group_id: &'a str,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterGroupDestroyed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterDestroyed<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Owner_Account")]
    pub(crate) owner: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member_list: Option<Vec<ListedUser<'a>>>,
    pub(crate) event_time: i64,
}

/// The texts of a group or topic that changed.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewTexts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) introduction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notification: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) face_url: Option<&'a str>,
}

/// Group.CallbackAfterGroupInfoChanged, and Group.CallbackAfterTopicInfoChanged with a topic.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterInfoChanged<'a> {
    pub(crate) group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic_id: Option<&'a str>,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(flatten)]
    pub(crate) texts: NewTexts<'a>,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterChangeGroupOwner.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterOwnerChanged<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "OldOwner_Account")]
    pub(crate) old: &'a str,
    #[serde(rename = "NewOwner_Account")]
    pub(crate) new: &'a str,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterMemberFieldChanged.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterMemberChanged<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Modified_Account")]
    pub(crate) user: &'a str,
    /// The same under its other name.
    #[serde(rename = "Member_Account")]
    pub(crate) same_user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name_card: Option<&'a str>,
    pub(crate) event_time: i64,
}

/// An attribute, with the vendor's small letters.
#[derive(Serialize)]
pub(crate) struct NewAttribute<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// Group.CallbackAfterGroupAttrChanged.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterAttributes<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    /// set, modify, clear, delete.
    pub(crate) option_type: &'static str,
    pub(crate) group_attr: Vec<NewAttribute<'a>>,
    pub(crate) event_time: i64,
}

/// Group.CallbackBeforeCreateTopic.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeforeCreateTopic<'a> {
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) group_id: &'a str,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterCreateTopic.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterCreateTopic<'a> {
    pub(crate) group_id: &'a str,
    pub(crate) topic_id: &'a str,
    #[serde(rename = "Operator_Account")]
    pub(crate) operator: &'a str,
    #[serde(rename = "Owner_Account")]
    pub(crate) owner: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) event_time: i64,
}

/// Group.CallbackAfterTopicDestroyed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AfterTopicDestroyed<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) topic_id_list: [&'a str; 1],
    pub(crate) event_time: i64,
}

/// Group.CallbackOnMemberStateChange.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MemberState<'a> {
    pub(crate) group_id: &'a str,
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    /// Offline or Online.
    pub(crate) event_type: &'static str,
    pub(crate) member_list: [ListedUser<'a>; 1],
    pub(crate) event_time: i64,
}
