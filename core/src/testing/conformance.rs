//! The suite that every adapter must pass: one check for each promise of the port.
//!
//! Implement [`Harness`], which starts desks, and [`DeskSide`], which does there what an agent does; then:
//!
//! ```
//! use shopbell::testing::conformance::{self, MemoryHarness};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let report = conformance::run(&MemoryHarness).await;
//! println!("{report}");
//! report.assert_all_passed();
//! # }
//! ```
//!
//! Each check gets a desk of its own, or at least customers of its own: it looks only at what it made itself. What a
//! desk's side can't do is left at its default, and the checks that need it are reported as skipped, by name: pin that
//! list in your test, or a check may stop being made without anybody noticing.
//!
//! All checks run at the same time, for some wait for a desk to keep silent. Each may take [`PATIENCE`]. Don't pause
//! tokio's time where there are real sockets.

mod bench;
mod conversations;
mod files;
#[cfg(test)]
mod flawed;
mod harness;
mod help;
mod memory;
mod messages;
mod paging;
mod questions;
mod realtime;
mod report;
mod sessions;
#[cfg(test)]
mod tests;

use std::{pin::Pin, time::Duration};

use self::bench::Stop;
pub use self::{
    harness::{DeskSide, Harness},
    memory::{MemoryHarness, MemoryRig},
    report::{Outcome, Report, Row},
};

/// How long a check may take: far above a slow machine's worst, and an end for one that waits in vain.
pub const PATIENCE: Duration = Duration::from_secs(60);

type Running<'a> = Pin<Box<dyn Future<Output = Row> + Send + 'a>>;

/// Runs every check, each on a desk of its own.
pub async fn run<H: Harness>(harness: &H) -> Report {
    macro_rules! checks {
        ($($room:ident: $($name:ident),+;)+) => {
            vec![$($(Box::pin(async move {
                let check = async {
                    let desk = harness.start().await;
                    $room::$name(&desk).await
                };
                judged(stringify!($name), check).await
            }) as Running<'_>),+),+]
        };
    }
    let checks = checks! {
        sessions:
            desk_asked_about_itself_answers,
            unknown_inbox_is_told,
            establishing_twice_with_one_key_gives_one_session,
            anonymous_session_is_not_verified,
            right_proof_gives_a_verified_session,
            wrong_proof_is_rejected_and_nothing_happened,
            profile_reaches_the_agents_and_what_is_left_out_stays,
            profile_the_desk_dislikes_keeps_nobody_from_writing,
            forgotten_session_is_gone_for_every_call,
            forgotten_session_can_be_established_again,
            two_customers_see_nothing_of_each_other,
            verified_customer_on_two_phones_has_one_history,
            same_identifier_without_proof_sees_nothing;
        conversations:
            opened_conversations_are_open_and_their_numbers_grow,
            list_holds_every_conversation_with_its_newest_messages,
            list_is_unchanged_until_something_changes,
            page_is_unchanged_until_something_changes,
            unknown_conversation_is_gone,
            customer_looking_twice_is_kept,
            agent_looking_is_told_by_the_list,
            resolving_twice_ends_it,
            writing_in_a_resolved_conversation_opens_it,
            typing_twice_reaches_the_agents,
            what_the_desk_says_it_cannot_do_is_unsupported;
        messages:
            sent_message_comes_back_under_its_number,
            numbers_grow_over_both_sides,
            same_text_twice_is_two_messages,
            key_sent_twice_is_one_message_where_promised,
            texts_of_every_kind_come_back_to_the_letter,
            longest_text_is_taken,
            text_over_the_limit_is_refused_and_did_not_happen,
            empty_text_is_taken_or_refused_for_certain,
            words_of_the_agent_come_with_their_author,
            edited_message_keeps_its_number,
            deleted_message_is_marked;
        files:
            files_arrive_whole_and_come_back_whole,
            file_without_words_is_taken,
            file_with_a_hard_name_is_found_again,
            message_that_is_withdrawn_at_the_last_moment_never_arrives,
            departure_has_heard_of_every_byte_when_it_is_asked,
            file_that_is_gone_from_the_phone_is_told_and_did_not_happen,
            file_of_the_agent_comes_whole,
            fetched_file_goes_on_from_its_middle,
            fetched_file_of_another_version_comes_whole,
            file_of_a_deleted_message_is_gone;
        paging:
            new_conversation_has_nothing_older,
            pages_cover_everything_once_and_in_order,
            page_before_the_first_message_is_empty,
            list_and_pages_agree;
        questions:
            select_is_answered_and_the_last_answer_stands,
            form_is_answered,
            survey_is_answered,
            answer_to_an_unknown_message_is_told;
        realtime:
            connection_tells_of_a_new_message,
            own_message_is_told_with_its_key,
            connection_tells_of_an_edit,
            connection_tells_of_a_deletion,
            connection_tells_of_a_status,
            connection_tells_of_the_agents_typing,
            announced_customer_hears_whether_agents_are_there,
            asking_for_events_and_turning_away_loses_none,
            two_connections_hear_the_same,
            connection_of_another_customer_hears_nothing,
            lost_connection_is_told_and_can_be_made_again,
            connecting_with_a_forgotten_session_is_told;
        help:
            context_of_a_conversation_reaches_the_agents,
            unknown_help_centre_is_told,
            help_centre_tells_its_languages_and_categories,
            published_articles_come_and_drafts_do_not,
            pages_list_and_slugs_cover_every_article,
            article_is_found_by_its_slug,
            list_names_what_is_published_and_nothing_else,
            articles_are_unchanged_until_something_changes,
            address_of_an_article_leads_back_to_it,
            view_of_an_article_is_counted,
            last_vote_on_an_article_stands;
    };
    Report { rows: futures_util::future::join_all(checks).await }
}

async fn judged(name: &'static str, check: impl Future<Output = Result<(), Stop>>) -> Row {
    let outcome = match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(Stop::Skipped(why))) => Outcome::Skipped(why.to_owned()),
        Ok(Err(Stop::Failed(why))) => Outcome::Failed(why),
        Err(_) => Outcome::Failed(format!("not done after {} s", PATIENCE.as_secs())),
    };
    Row { name, outcome }
}
