//! Every command, in the order of the vendor's index; what only the socket has stands behind it.
//!
//! A command's file has the path of its URL: `/v4/openim/sendmsg` is `commands/openim/sendmsg.rs`.

mod all_member_push;
mod config_svc;
mod follow;
mod group_member_search;
mod group_open_attr_http_svc;
mod group_open_avchatroom_http_svc;
mod group_open_http_noauth_svc;
mod group_open_http_svc;
mod group_open_long_polling_http_svc;
mod group_search;
mod heartbeat;
mod im_cos_msg;
pub mod im_long_msg;
mod im_msg_audit_mgr;
mod im_msg_db_logic;
mod im_open_login_svc;
mod im_open_speech;
mod im_open_status;
mod im_open_translate;
pub mod im_sdk_config_mgr;
mod imopenstat;
mod message_search;
mod million_group_open_http_svc;
mod offline_push_report;
mod open_msg_svc;
mod openconfigsvr;
mod openim;
mod openim_msg_ext_http_svc;
mod openim_robot_http_svc;
mod profile;
mod recentcontact;
mod sns;
mod user_search;

use crate::command::Command;

pub const ALL: &[Command] = &[
    // User management.
    im_open_login_svc::account_import::COMMAND,
    im_open_login_svc::multiaccount_import::COMMAND,
    im_open_login_svc::account_delete::COMMAND,
    im_open_login_svc::account_check::COMMAND,
    profile::portrait_set::COMMAND,
    profile::portrait_get::COMMAND,
    im_open_login_svc::kick::COMMAND,
    openim::query_online_status::COMMAND,
    openim::query_online_status::querystate::COMMAND,
    sns::friend_add::COMMAND,
    sns::friend_import::COMMAND,
    sns::friend_update::COMMAND,
    sns::friend_delete::COMMAND,
    sns::friend_delete_all::COMMAND,
    sns::friend_check::COMMAND,
    sns::friend_get::COMMAND,
    sns::friend_get_list::COMMAND,
    sns::black_list_add::COMMAND,
    sns::black_list_delete::COMMAND,
    sns::black_list_get::COMMAND,
    sns::black_list_check::COMMAND,
    sns::group_add::COMMAND,
    sns::group_delete::COMMAND,
    sns::group_get::COMMAND,
    follow::follow_add::COMMAND,
    follow::follow_delete::COMMAND,
    follow::follow_check::COMMAND,
    follow::follow_get::COMMAND,
    follow::follow_get_info::COMMAND,
    // Messages.
    openim::sendmsg::COMMAND,
    openim::batchsendmsg::COMMAND,
    openim::importmsg::COMMAND,
    openim::admin_getroammsg::COMMAND,
    openim::admin_msgwithdraw::COMMAND,
    openim::admin_set_msg_read::COMMAND,
    openim::modify_c2c_msg::COMMAND,
    openim_msg_ext_http_svc::set_key_values::COMMAND,
    openim_msg_ext_http_svc::get_key_values::COMMAND,
    // Push to all users.
    all_member_push::im_push::COMMAND,
    all_member_push::im_set_attr_name::COMMAND,
    all_member_push::im_get_attr_name::COMMAND,
    all_member_push::im_set_attr::COMMAND,
    all_member_push::im_get_attr::COMMAND,
    all_member_push::im_remove_attr::COMMAND,
    all_member_push::im_add_tag::COMMAND,
    all_member_push::im_get_tag::COMMAND,
    all_member_push::im_remove_tag::COMMAND,
    all_member_push::im_remove_all_tags::COMMAND,
    // Conversations.
    recentcontact::get_list::COMMAND,
    recentcontact::delete::COMMAND,
    recentcontact::create_contact_group::COMMAND,
    recentcontact::update_contact_group::COMMAND,
    recentcontact::del_contact_group::COMMAND,
    recentcontact::mark_contact::COMMAND,
    recentcontact::get_contact_group::COMMAND,
    recentcontact::search_contact_group::COMMAND,
    openim::get_c2c_unread_msg_num::COMMAND,
    // Groups.
    group_open_http_svc::create_group::COMMAND,
    group_open_http_svc::destroy_group::COMMAND,
    group_open_http_svc::get_appid_group_list::COMMAND,
    group_open_http_svc::get_joined_group_list::COMMAND,
    group_open_http_svc::get_group_info::COMMAND,
    group_open_http_svc::modify_group_base_info::COMMAND,
    group_open_http_svc::get_group_member_info::COMMAND,
    group_open_http_svc::add_group_member::COMMAND,
    group_open_http_svc::delete_group_member::COMMAND,
    group_open_http_svc::modify_group_member_info::COMMAND,
    group_open_http_svc::get_role_in_group::COMMAND,
    group_open_http_svc::forbid_send_msg::COMMAND,
    group_open_http_svc::get_group_muted_account::COMMAND,
    group_open_http_svc::get_group_muted_account::get_group_shutted_uin::COMMAND,
    group_open_http_svc::change_group_owner::COMMAND,
    group_open_http_svc::ban_group_member::COMMAND,
    group_open_http_svc::unban_group_member::COMMAND,
    group_open_http_svc::get_group_ban_member::COMMAND,
    group_open_http_svc::get_online_member_num::COMMAND,
    group_open_avchatroom_http_svc::get_members::COMMAND,
    group_open_avchatroom_http_svc::modify_user_info::COMMAND,
    million_group_open_http_svc::create_topic::COMMAND,
    million_group_open_http_svc::modify_topic::COMMAND,
    million_group_open_http_svc::destroy_topic::COMMAND,
    million_group_open_http_svc::get_topic::COMMAND,
    group_open_http_svc::import_topic::COMMAND,
    group_open_http_svc::import_group_member::COMMAND,
    group_open_http_svc::import_group::COMMAND,
    group_open_http_svc::send_group_system_notification::COMMAND,
    group_open_http_svc::send_broadcast_msg::COMMAND,
    group_open_attr_http_svc::get_group_attr::COMMAND,
    group_open_attr_http_svc::get_group_attr::beside_writing::COMMAND,
    group_open_http_svc::set_group_attr::COMMAND,
    group_open_http_svc::modify_group_attr::COMMAND,
    group_open_http_svc::delete_group_attr::COMMAND,
    group_open_http_svc::clear_group_attr::COMMAND,
    group_open_http_svc::get_group_counter::COMMAND,
    group_open_http_svc::update_group_counter::COMMAND,
    group_open_http_svc::delete_group_counter::COMMAND,
    group_open_http_svc::send_group_msg::COMMAND,
    openim::modify_group_msg::COMMAND,
    openim_msg_ext_http_svc::group_set_key_values::COMMAND,
    openim_msg_ext_http_svc::group_get_key_values::COMMAND,
    group_open_http_svc::import_group_msg::COMMAND,
    group_open_http_svc::group_msg_get_simple::COMMAND,
    group_open_http_svc::group_msg_recall::COMMAND,
    group_open_http_svc::delete_group_msg_by_sender::COMMAND,
    group_open_http_svc::get_group_msg_receipt::COMMAND,
    group_open_http_svc::get_group_msg_receipt_detail::COMMAND,
    group_open_http_svc::set_unread_msg_num::COMMAND,
    // Global mute.
    openconfigsvr::setnospeaking::COMMAND,
    openconfigsvr::getnospeaking::COMMAND,
    // Operations.
    openconfigsvr::getappinfo::COMMAND,
    open_msg_svc::get_history::COMMAND,
    config_svc::get_ip_list::COMMAND,
    // Chatbots.
    openim_robot_http_svc::create_robot::COMMAND,
    openim_robot_http_svc::delete_robot::COMMAND,
    openim_robot_http_svc::get_all_robots::COMMAND,
    // The socket: transport and session.
    heartbeat::alive::COMMAND,
    im_open_status::wslogin::COMMAND,
    im_open_status::wslogout::COMMAND,
    im_open_status::wshello::COMMAND,
    im_open_status::ws_set_custom_status::COMMAND,
    im_open_status::ws_get_user_status::COMMAND,
    im_open_status::ws_status_subscribe::COMMAND,
    im_open_status::ws_status_unsubscribe::COMMAND,
    im_open_status::ws_stat_background::COMMAND,
    im_open_status::ws_stat_foreground::COMMAND,
    im_open_status::ws_stat_settoken::COMMAND,
    im_sdk_config_mgr::fetch_config::COMMAND,
    im_sdk_config_mgr::fetch_imsdk_purchase_bitsv2::COMMAND,
    imopenstat::tim_web_report_v2::COMMAND,
    offline_push_report::uniapp_sdk_report::COMMAND,
    im_msg_audit_mgr::get_local_words::COMMAND,
    openim::ws_msg_push_ack::COMMAND,
    // The socket: people.
    profile::portrait_get_all::COMMAND,
    sns::friend_get_specified::COMMAND,
    sns::friend_response::COMMAND,
    sns::pendency_get::COMMAND,
    sns::pendency_delete::COMMAND,
    sns::pendency_report::COMMAND,
    sns::group_update::COMMAND,
    // The socket: conversations and one-to-one messages.
    recentcontact::page_get::COMMAND,
    recentcontact::batch_delete::COMMAND,
    recentcontact::clear_msg::COMMAND,
    recentcontact::top::COMMAND,
    openim::getmsg::COMMAND,
    openim::getroammsg::COMMAND,
    openim::msgreaded::COMMAND,
    openim::read_all_unread_msg::COMMAND,
    openim::get_peer_read_time::COMMAND,
    openim::c2c_msg_read_receipt::COMMAND,
    openim::msgwithdraw::COMMAND,
    openim::delete_c2c_msg_ramble::COMMAND,
    openim::deletemsg::COMMAND,
    openim::authkey::COMMAND,
    openim::get_c2c_peer_mute_notifications::COMMAND,
    openim::set_c2c_peer_mute_notifications::COMMAND,
    im_msg_db_logic::ws_set_do_not_disturb::COMMAND,
    im_msg_db_logic::ws_get_do_not_disturb::COMMAND,
    openim_msg_ext_http_svc::reaction_add::COMMAND,
    openim_msg_ext_http_svc::reaction_del::COMMAND,
    openim_msg_ext_http_svc::reaction_iterate::COMMAND,
    openim_msg_ext_http_svc::reaction_multi_stat::COMMAND,
    // The socket: files and merged messages.
    im_cos_msg::pre_sig::COMMAND,
    im_cos_msg::simple_sig::COMMAND,
    im_cos_msg::get_imageinfo::COMMAND,
    im_cos_msg::get_final_ip::COMMAND,
    im_cos_msg::video_cover::COMMAND,
    im_long_msg::save_relay_json_msg::COMMAND,
    im_long_msg::get_relay_json_msg::COMMAND,
    // The socket: translation and speech.
    im_open_translate::ws_batch_trans_text::COMMAND,
    im_open_speech::ws_sentence_recognition::COMMAND,
    // The socket: searching.
    message_search::query::COMMAND,
    user_search::query::COMMAND,
    group_search::query::COMMAND,
    group_member_search::query::COMMAND,
    // The socket: groups.
    group_open_http_svc::group_msg_get::COMMAND,
    group_open_http_svc::delete_group_ramble_msg_by_seq::COMMAND,
    group_open_http_svc::msg_read_report::COMMAND,
    group_open_http_svc::group_msg_receipt::COMMAND,
    group_open_http_svc::get_group_msg_receipts_by_users::COMMAND,
    group_open_http_svc::pin_message::COMMAND,
    group_open_http_svc::unpin_message::COMMAND,
    group_open_http_svc::get_pinned_messages::COMMAND,
    openim_msg_ext_http_svc::group_reaction_add::COMMAND,
    openim_msg_ext_http_svc::group_reaction_del::COMMAND,
    openim_msg_ext_http_svc::group_reaction_iterate::COMMAND,
    openim_msg_ext_http_svc::group_reaction_multi_stat::COMMAND,
    group_open_http_svc::batch_get_group_notify::COMMAND,
    group_open_http_svc::get_joined_group_list::of_communities::COMMAND,
    group_open_http_svc::get_group_self_member_info::COMMAND,
    group_open_http_svc::get_group_public_info::COMMAND,
    group_open_http_svc::get_pendency::COMMAND,
    group_open_http_svc::get_pendency::of_communities::COMMAND,
    group_open_http_svc::apply_join_group::COMMAND,
    group_open_http_svc::quit_group::COMMAND,
    group_open_http_svc::handle_apply_join_group::COMMAND,
    group_open_http_svc::handle_invite_join_permission_group::COMMAND,
    group_open_http_svc::handle_invite_join_group::COMMAND,
    group_open_http_svc::get_specified_group_member_info::COMMAND,
    group_open_http_noauth_svc::apply_join_group::COMMAND,
    group_open_http_svc::get_huge_group_msg::COMMAND,
    group_open_long_polling_http_svc::get_msg::COMMAND,
    group_open_long_polling_http_svc::get_msg::of_guests::COMMAND,
];

/// The row of a REST command.
pub fn find_rest(service: &str, name: &str) -> Option<usize> {
    let row = |service: &str| {
        ALL.iter().position(|it| it.name == name && it.service == service && it.doors.has_rest())
    };
    row(service).or_else(|| (service == COMMUNITIES).then(|| row(GROUPS)).flatten())
}

/// Every group command is reachable under both names: clients use the second for communities.
pub const GROUPS: &str = "group_open_http_svc";
pub const COMMUNITIES: &str = "million_group_open_http_svc";
