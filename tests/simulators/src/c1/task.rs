//! Tasks: what is to be done, what a proper end of it is, and how tests order one.

use prost::Name;
use prost_types::Duration;

use super::messages as m;

/// A task as it is handed out.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Task {
    #[prost(string, tag = 1)]
    pub(super) id: String,
    #[prost(int32, tag = 2)]
    pub(super) status: i32,
    #[prost(bool, tag = 3)]
    pub(super) debug: bool,
    #[prost(
        oneof = "Kind",
        tags = "100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, \
                120, 121, 122, 123, 199"
    )]
    pub(super) kind: Option<Kind>,
}

/// The answer to a poll.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetTaskResponse {
    #[prost(message, optional, tag = 1)]
    pub(super) task: Option<Task>,
    #[prost(message, optional, tag = 2)]
    pub(super) next_poll: Option<Duration>,
    #[prost(message, optional, tag = 3)]
    pub(super) next_heartbeat: Option<Duration>,
}

/// How a task may end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TaskEnd {
    /// It is not finished: there is nothing to do, or another call answers it.
    None,
    /// An error, because no connector handles it.
    Error,
    /// An error, or success without a response, after an asset.
    Asset,
    /// An error, or success with a response of this type.
    Response(&'static str),
}

/// Tasks by tag: body, and end.
macro_rules! kinds {
    ($([$tag:tt] $kind:ident($body:ident): $end:expr,)*) => {
        /// What is to be done.
        #[derive(Clone, PartialEq, prost::Oneof)]
        pub(super) enum Kind {$(
            #[prost(message, tag = $tag)]
            $kind(m::$body),
        )*}

        $(impl From<m::$body> for NewTask {
            fn from(body: m::$body) -> Self {
                Self::of(Some(Kind::$kind(body)))
            }
        })*

        impl Kind {
            pub(super) fn end(&self) -> TaskEnd {
                match self {
                    $(Self::$kind(_) => $end,)*
                }
            }
        }
    };
}

kinds! {
    [100] Nothing(NothingTask): TaskEnd::None,
    [101] Hello(HelloTask): TaskEnd::None,
    [102] SyncFull(SyncFullTask): TaskEnd::Asset,
    [103] Grant(GrantTask): TaskEnd::Response(m::GrantManagerServiceGrantResponse::NAME),
    [104] Revoke(RevokeTask): TaskEnd::Response(m::GrantManagerServiceRevokeResponse::NAME),
    [105] CreateAccount(CreateAccountTask): TaskEnd::Response(m::CreateAccountResponse::NAME),
    [106] CreateResource(CreateResourceTask): TaskEnd::Response(m::CreateResourceResponse::NAME),
    [107] DeleteResource(DeleteResourceTask): TaskEnd::Response(m::DeleteResourceResponse::NAME),
    [108] RotateCredentials(RotateCredentialsTask): TaskEnd::Response(m::RotateCredentialResponse::NAME),
    [109] EventFeed(EventFeedTask): TaskEnd::Error,
    [110] CreateTicket(CreateTicketTask): TaskEnd::Response(m::TicketsServiceCreateTicketResponse::NAME),
    [111] ListTicketSchemas(ListTicketSchemasTask): TaskEnd::Response(m::TicketsServiceListTicketSchemasResponse::NAME),
    [112] GetTicket(GetTicketTask): TaskEnd::Response(m::TicketsServiceGetTicketResponse::NAME),
    [113] BulkCreateTickets(BulkCreateTicketsTask): TaskEnd::Response(m::TicketsServiceBulkCreateTicketsResponse::NAME),
    [114] BulkGetTickets(BulkGetTicketsTask): TaskEnd::Response(m::TicketsServiceBulkGetTicketsResponse::NAME),
    [115] ActionListSchemas(ActionListSchemasTask): TaskEnd::Response(m::ListActionSchemasResponse::NAME),
    [116] ActionGetSchema(ActionGetSchemaTask): TaskEnd::Response(m::GetActionSchemaResponse::NAME),
    [117] ActionInvoke(ActionInvokeTask): TaskEnd::Response(m::InvokeActionResponse::NAME),
    [118] ActionStatus(ActionStatusTask): TaskEnd::Response(m::GetActionStatusResponse::NAME),
    [119] CreateSyncDiff(CreateSyncDiffTask): TaskEnd::Error,
    [120] CompactSyncs(CompactSyncsTask): TaskEnd::Error,
    [121] ListEventFeeds(ListEventFeedsTask): TaskEnd::Response(m::ListEventFeedsResponse::NAME),
    [122] ListEvents(ListEventsTask): TaskEnd::Response(m::ListEventsResponse::NAME),
    [123] IssueCredential(IssueCredentialTask): TaskEnd::Response(m::IssueCredentialResponse::NAME),
    [199] Undocumented(UndocumentedTask): TaskEnd::Error,
}

/// A task to be handed out: made from its body, such as [`GrantTask`](m::GrantTask).
#[derive(Clone, Debug)]
pub struct NewTask {
    /// 27 letters and digits; empty for a new one.
    pub id: String,
    /// Whether a log is to be uploaded as well.
    pub debug: bool,
    /// How often it is handed out, whatever becomes of it.
    pub deliveries: usize,
    /// The heartbeat, counted from 1, from which on it is answered as cancelled.
    pub cancelled_at: Option<usize>,
    pub(super) kind: Option<Kind>,
}

impl NewTask {
    fn of(kind: Option<Kind>) -> Self {
        Self { id: String::new(), debug: false, deliveries: 1, cancelled_at: None, kind }
    }

    /// A task that says not what is to be done.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(None)
    }

    /// A task of a kind that no connector knows.
    #[must_use]
    pub fn undocumented() -> Self {
        m::UndocumentedTask { text: "of a later version".to_owned() }.into()
    }

    /// With this id, of 27 letters and digits.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// A log is to be uploaded as well.
    #[must_use]
    pub fn debug(mut self) -> Self {
        self.debug = true;
        self
    }

    /// Handed out to two polls in a row, whatever becomes of it.
    #[must_use]
    pub fn twice(mut self) -> Self {
        self.deliveries = 2;
        self
    }

    /// Cancelled at this heartbeat, counted from 1, and at all that follow.
    #[must_use]
    pub fn cancelled_at(mut self, heartbeat: usize) -> Self {
        self.cancelled_at = Some(heartbeat);
        self
    }
}
