//! What the server does as a whole: the cases of `cases/` on both engines, the contract's coverage, and what
//! comes over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admission;
mod bad_input;
mod case;
mod clients;
mod conformance;
mod conversation_pages;
mod coverage;
mod document;
mod doors;
mod files;
mod group_history;
mod history;
mod hooks;
mod http_input;
mod language;
mod long_frames;
mod matching;
mod place;
mod protocol_page;
mod retention;
mod robust;
mod run;
mod socket_input;
mod wire;

use libtest_mimic::{Arguments, Failed, Trial};
use place::Engine;

type Check = fn() -> Result<(), String>;

const CHECKS: &[(&str, Check)] = &[
    ("a_language_service_gets_one_signed_post", language::a_service_gets_one_signed_post),
    ("a_language_service_that_fails_is_told_as_such", language::a_service_that_fails_is_told_as_such),
    ("only_so_many_language_questions_are_asked_at_once", language::only_so_many_are_asked_at_once),
    ("a_language_service_on_this_machine_must_be_allowed", language::this_machine_must_be_allowed),
    ("a_slow_language_service_keeps_nobody_else_waiting", language::a_slow_one_keeps_nobody_waiting),
    ("abilities_follow_the_language_services", language::abilities_follow_the_services),
    ("the_matcher_sees_differences", matching::checks),
    ("what_no_case_covers_is_listed_with_its_reason", coverage::gaps_are_listed),
    ("rates_are_the_documented_ones", coverage::rates_are_the_documented_ones),
    ("every_folder_of_cases_is_a_command", coverage::cases_are_of_commands),
    ("each_fault_of_a_request_has_its_code", admission::each_fault_has_its_code),
    ("user_sigs_have_their_codes", admission::user_sigs_have_their_codes),
    ("what_an_app_forbids_has_its_code", admission::what_an_app_forbids_has_its_code),
    ("the_first_fault_of_a_request_is_answered", admission::the_first_fault_is_answered),
    ("long_bodies_have_the_code_of_their_service", admission::long_bodies_have_the_code_of_their_service),
    ("no_json_has_the_code_of_its_service", admission::a_body_that_is_no_json_has_the_code_of_its_service),
    ("each_command_has_its_rate", admission::each_command_has_its_rate),
    ("rates_are_settings", admission::rates_are_settings),
    ("guessing_user_sigs_costs_a_minute", admission::guessing_costs_a_minute),
    ("guessing_may_be_made_cheap", admission::guessing_may_be_made_cheap),
    ("broken_requests_are_refused", http_input::broken_requests_are_refused),
    ("unusual_requests_are_answered", http_input::unusual_requests_are_answered),
    ("a_long_body_is_refused_before_it_has_come", http_input::a_long_body_is_refused_before_it_has_come),
    ("a_connection_serves_on_after_an_error", http_input::a_connection_serves_on_after_an_error),
    (
        "old_clients_keep_their_connection_when_they_ask",
        http_input::old_clients_keep_their_connection_when_they_ask,
    ),
    ("slow_clients_are_given_up", http_input::slow_clients_are_given_up),
    ("what_opens_no_socket_is_told_so", http_input::what_opens_no_socket_is_told_so),
    ("each_path_answers_in_its_kind", socket_input::each_path_answers_in_its_kind),
    ("broken_frames_close_their_connection", socket_input::broken_frames_close_their_connection),
    (
        "a_frame_that_never_ends_ends_with_its_connection",
        socket_input::a_frame_that_never_ends_ends_with_its_connection,
    ),
    ("unreadable_messages_are_dropped", socket_input::unreadable_messages_are_dropped),
    ("bad_requests_are_answered", socket_input::bad_requests_are_answered),
    ("the_number_of_a_request_comes_back", socket_input::the_number_of_a_request_comes_back),
    ("the_protocol_is_spoken", socket_input::the_protocol_is_spoken),
    ("frames_of_any_length_come_back", conformance::frames_of_any_length_come_back),
    ("pings_are_answered_by_their_pongs", conformance::pings_are_answered_by_their_pongs),
    (
        "reserved_bits_and_opcodes_end_the_connection",
        conformance::reserved_bits_and_opcodes_end_the_connection,
    ),
    ("fragments_are_put_together", conformance::fragments_are_put_together),
    ("texts_are_utf_8", conformance::texts_are_utf_8),
    ("a_close_is_answered_by_a_close", conformance::a_close_is_answered_by_a_close),
    ("long_messages_come_back_whole", conformance::long_messages_come_back_whole),
    ("compression_is_declined", conformance::compression_is_declined),
    ("a_flood_of_rubbish_harms_nobody", socket_input::a_flood_of_rubbish_harms_nobody),
    ("a_client_that_does_not_read_is_closed", socket_input::a_client_that_does_not_read_is_closed),
    ("long_answers_are_packed_when_asked_for", socket_input::long_answers_are_packed_when_asked_for),
    ("a_flood_of_logins_costs_a_minute", socket_input::a_flood_of_logins_costs_a_minute),
    ("silent_connections_harm_nobody", socket_input::silent_connections_harm_nobody),
    ("old_user_sigs_need_a_key_of_their_kind", doors::old_user_sigs_need_a_key_of_their_kind),
    ("the_first_fault_of_a_user_sig_is_answered", doors::the_first_fault_of_a_user_sig_is_answered),
    ("a_penalty_is_of_one_app_and_user", doors::a_penalty_is_of_one_app_and_user),
    (
        "what_the_app_refuses_does_not_count_for_the_command",
        doors::what_the_app_refuses_does_not_count_for_the_command,
    ),
    (
        "a_long_body_gets_its_code_although_all_of_it_is_sent",
        bad_input::a_long_body_gets_its_code_although_all_of_it_is_sent,
    ),
    ("a_client_that_asks_and_never_reads_is_closed", bad_input::a_client_that_asks_and_never_reads_is_closed),
    ("an_hour_is_kept_as_it_was_sent", history::an_hour_is_kept_as_it_was_sent),
    ("what_groups_said_is_kept_as_it_was_sent", group_history::what_groups_said_is_kept_as_it_was_sent),
    ("a_crash_within_an_export_loses_nothing", history::a_crash_within_an_export_loses_nothing),
    ("a_link_opens_its_file_and_no_other", history::a_link_opens_its_file_and_no_other),
    ("a_file_comes_back_as_it_went", files::downloads::a_file_comes_back_as_it_went),
    ("a_part_of_a_file_can_be_had", files::downloads::a_part_of_a_file_can_be_had),
    ("a_file_runs_nothing_in_the_page", files::downloads::a_file_runs_nothing_in_the_page),
    ("no_path_leads_to_another_file", files::downloads::no_path_leads_to_another_file),
    ("downloads_may_need_a_key", files::downloads::downloads_may_need_a_key),
    ("pictures_tell_their_size", files::downloads::pictures_tell_their_size),
    ("any_page_may_ask", files::downloads::any_page_may_ask),
    ("an_upload_url_works_once_for_its_file", files::uploads::an_upload_url_works_once_for_its_file),
    ("a_file_too_large_is_refused_as_it_comes", files::uploads::a_file_too_large_is_refused_as_it_comes),
    ("an_aborted_upload_leaves_nothing", files::uploads::an_aborted_upload_leaves_nothing),
    ("a_form_brings_a_file_too", files::uploads::a_form_brings_a_file_too),
    ("what_is_not_kept_goes", files::uploads::what_is_not_kept_goes),
    ("what_a_crash_left_goes", files::uploads::what_a_crash_left_goes),
    ("promises_are_bounded", files::uploads::promises_are_bounded),
    ("files_can_lie_in_a_store_of_objects", files::objects::files_can_lie_in_a_store_of_objects),
    ("a_store_of_objects_that_fails_loses_nothing", files::objects::a_store_that_fails_loses_nothing),
    ("a_store_of_objects_shows_its_certificate", files::objects::a_store_behind_tls_shows_its_certificate),
    (
        "photos_are_given_in_small_as_they_are_looked_at",
        files::thumbnails::photos_are_given_in_small_as_they_are_looked_at,
    ),
    (
        "a_thumbnail_has_the_size_that_sdks_count_with",
        files::thumbnails::a_thumbnail_has_the_size_that_sdks_count_with,
    ),
    ("only_what_sdks_ask_for_is_made", files::thumbnails::only_what_sdks_ask_for_is_made),
    ("moving_pictures_go_on_moving", files::thumbnails::moving_pictures_go_on_moving),
    (
        "what_is_no_good_picture_is_given_as_it_is",
        files::thumbnails::what_is_no_good_picture_is_given_as_it_is,
    ),
    ("many_who_ask_at_once_get_one_thumbnail", files::thumbnails::many_who_ask_at_once_get_one_thumbnail),
    ("a_thumbnail_goes_with_its_picture", files::thumbnails::a_thumbnail_goes_with_its_picture),
    ("a_thumbnail_is_served_like_a_file", files::thumbnails::a_thumbnail_is_served_like_a_file),
    ("a_lost_thumbnail_is_made_again", files::thumbnails::a_lost_thumbnail_is_made_again),
    ("thumbnails_can_be_switched_off", files::thumbnails::thumbnails_can_be_switched_off),
    ("a_client_is_told_of_thumbnails", files::thumbnails::a_client_is_told_of_thumbnails),
    ("a_store_of_objects_keeps_thumbnails_too", files::thumbnails::a_store_of_objects_keeps_thumbnails_too),
    ("long_frames_are_for_merged_messages", long_frames::are_for_merged_messages),
    ("a_long_answer_does_not_close_its_connection", long_frames::a_long_answer_does_not_close),
    (
        "every_group_is_listed_once_whatever_happens_between_the_pages",
        conversation_pages::every_group_is_listed_once_whatever_happens_between_the_pages,
    ),
    ("what_is_too_old_goes_and_nobody_notices", retention::what_is_too_old_goes_and_nobody_notices),
    ("history_without_a_period_stays", retention::history_without_a_period_stays),
    (
        "slow_readers_are_put_out_and_others_get_everything",
        robust::slow_readers_are_put_out_and_others_get_everything,
    ),
    ("who_vanishes_is_put_out_and_told_of", robust::who_vanishes_is_put_out_and_told_of),
    ("a_full_pipe_does_not_keep_a_dead_connection", robust::a_full_pipe_does_not_keep_a_dead_connection),
    ("clocks_of_clients_may_be_far_off", robust::clocks_of_clients_may_be_far_off),
    (
        "a_frame_sent_twice_is_answered_twice_and_done_once",
        robust::a_frame_sent_twice_is_answered_twice_and_done_once,
    ),
    ("ten_thousand_connects_take_no_place_for_long", robust::ten_thousand_connects_take_no_place_for_long),
    (
        "the_page_of_the_protocol_lists_every_command_of_the_socket",
        protocol_page::lists_every_command_of_the_socket,
    ),
    ("the_page_of_the_protocol_shows_frames", protocol_page::shows_frames_that_can_be_read),
    ("the_page_of_the_protocol_points_to_sections", protocol_page::points_to_sections_that_are_there),
    ("failures_count_in_any_minute", doors::failures_count_in_any_minute),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, check) in CHECKS {
        trials.push(Trial::test(*name, move || Ok(check()?)));
    }
    let engines = engines(&arguments);
    for file in case::files() {
        for engine in engines.iter().copied() {
            let file = file.clone();
            let name = format!("{} [{}]", file.name(), engine.name());
            trials.push(Trial::test(name, move || run::run(&file, engine).map_err(Failed::from)));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    place::close_idle();
    conclusion.exit();
}

/// PostgreSQL only where it is installed. What rewrites files runs once, on SQLite.
fn engines(arguments: &Arguments) -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    let rewrites = std::env::var_os("ACCEPT").is_some();
    if !arguments.list && !rewrites && store::testing::Postgres::shared().is_some() {
        engines.push(Engine::Postgres);
    }
    engines
}
