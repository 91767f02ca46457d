//! The client: one for an app.

use std::{collections::HashMap, sync::Arc};

use crate::{
    AttributeValue, Capabilities, ClientConfig, ClientStatus, Conversation, ConversationsListener, CustomerProfile,
    DeskInfo, Identity, PushOutcome, PushService, RefusedField, StatusListener, Subscription, SupportError, Vault,
    Verification,
    host::{Host, Open},
    model::{list, number},
    subscription::{Asking, Line, Outlet, Pause},
    vault::Hosts,
};

/// In-app support.
///
/// Every call may come from any thread and none blocks. Calls made while the client is still opening wait for it, in
/// order. Errors of every call: what opening failed with, [`SupportError::Paused`], [`SupportError::Closed`],
/// [`SupportError::Storage`], and what each names. Cancelling a call stops the waiting, never the work. When a call that
/// changes something or asks the desk returns, the listeners have been told what it did.
#[derive(uniffi::Object)]
pub struct Client {
    host: Arc<Host>,
}

#[uniffi::export]
impl Client {
    /// Begins to open the client as whoever was here last, and returns: no disk and no network is touched on the
    /// caller's thread. With a vault the desk's keys are kept sealed by it.
    ///
    /// Errors: [`SupportError::InvalidConfig`].
    #[uniffi::constructor(default(vault = None))]
    pub fn new(config: ClientConfig, vault: Option<Box<dyn Vault>>) -> Result<Arc<Self>, SupportError> {
        let refused = |error: &SupportError| tracing::error!(%error, "Shopbell can't start");
        let mut config = config.checked().inspect_err(refused)?;
        config.vault = vault.map(|vault| Arc::new(Hosts(vault)) as Arc<dyn shopbell::Vault>);
        Ok(Arc::new(Self { host: Host::start(config)? }))
    }

    /// Waits until the client is open, or tells why it can't be. A client that did not open stays so: make a new one.
    ///
    /// Errors: [`SupportError::Storage`] where the folder can't be used, is full, or holds data of a newer version.
    pub async fn opened(&self) -> Result<(), SupportError> {
        self.host.show(async move |_| Ok(())).await
    }

    /// The customer has logged in to the merchant's app. Returns when it is safe on the phone; the desk is told by
    /// itself. Whoever was anonymous keeps the conversations; whoever was somebody else leaves. Gives whether the
    /// listeners have been told; where they have not, nobody can say whom they show.
    ///
    /// Errors: [`SupportError::InvalidInput`].
    pub async fn identify(&self, identity: Identity, profile: CustomerProfile) -> Result<bool, SupportError> {
        self.host.change(async move |client| client.identify(identity.into(), profile.into()).await).await
    }

    /// Says more of the customer. A field left out stays as it is, attributes are merged by name. Only what the desk has
    /// not accepted yet is sent, so a change that an agent or another phone made meanwhile stays.
    ///
    /// Errors: [`SupportError::InvalidInput`] where a value breaks a rule or is over the desk's limits; nothing changes.
    pub async fn update_customer(&self, profile: CustomerProfile) -> Result<(), SupportError> {
        self.host.keep(async move |open| Ok(open.client.update_customer(profile.into()).await?)).await
    }

    /// The fields and attributes that were set aside: the desk does not take these values. Everything else was sent.
    pub async fn refused_fields(&self) -> Result<Vec<RefusedField>, SupportError> {
        self.host.run(async move |open| Ok(list(open.client.refused_fields().await?))).await
    }

    /// Gives up the values that were set aside: all of them. The desk keeps what it has there.
    pub async fn discard_refused_fields(&self) -> Result<(), SupportError> {
        self.host.keep(async move |open| Ok(open.client.discard_refused_fields(None).await?)).await
    }

    /// Keeps something that the customer did in the app. When they next begin a conversation, the agents see what they
    /// did in the day before; nothing is sent for an event alone. The last 20 are kept.
    ///
    /// Errors: [`SupportError::InvalidInput`] for a name that is empty or over 255 characters, for more than 20
    /// attributes, and for a value over the desk's limits.
    pub async fn log_event(
        &self,
        name: String,
        attributes: HashMap<String, AttributeValue>,
    ) -> Result<(), SupportError> {
        let attributes = attributes.into_iter().map(|(name, value)| (name, value.into())).collect();
        self.host.keep(async move |open| Ok(open.client.log_event(name, attributes).await?)).await
    }

    /// Asks the desk now what it makes of the customer's identity.
    ///
    /// Errors: [`SupportError::IdentityRejected`]; [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or
    /// [`SupportError::Busy`].
    pub async fn verify_identity(&self) -> Result<Verification, SupportError> {
        self.host.show(async move |open| Ok(open.client.verify_identity().await?.into())).await
    }

    /// The customer has logged out: whoever comes next sees nothing of them. What they wrote, unsent messages
    /// included, is there when they log in again. An anonymous customer leaves for good. Gives whether the listeners have
    /// been told; where they have not, they may still show whoever has left.
    pub async fn log_out(&self) -> Result<bool, SupportError> {
        self.host.change(async move |client| client.log_out().await).await
    }

    /// What the push service knows this phone by, or none where it is to get no pushes any more. Call it at every start
    /// and whenever the system gives another one. The desk is told by itself, of whoever is here and of whoever logs in
    /// next; who logs out gets none any more.
    ///
    /// Errors: [`SupportError::InvalidInput`].
    pub async fn set_push_token(&self, service: PushService, token: Option<String>) -> Result<(), SupportError> {
        let token = token.map(|token| service.token(token));
        self.host.keep(async move |open| Ok(open.client.set_push_token(token).await?)).await
    }

    /// Hands in a push that the app got: asks the desk for what it names, and says what to show. May be called while the
    /// client is paused: it is opened for it, and closed again.
    ///
    /// Errors: [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`] for a
    /// conversation that is not known here.
    pub async fn handle_push(&self, data: HashMap<String, String>) -> Result<PushOutcome, SupportError> {
        let data = data.into_iter().collect();
        self.host.show(async move |open| Ok(open.client.handle_push(&data).await?.into())).await
    }

    /// Observes the list of conversations, the one with the latest activity first. Follows whoever is here. With
    /// `on_screen` the list counts as shown while it is observed, and a realtime connection is held.
    pub fn conversations(&self, listener: Box<dyn ConversationsListener>, on_screen: bool) -> Arc<Subscription> {
        let listener: Arc<dyn ConversationsListener> = listener.into();
        self.subscribe(move |open, outlet| {
            let updates = open.client.conversations();
            let mut updates = if on_screen { updates } else { updates.off_screen() };
            Box::pin(async move {
                let mut pause = Pause::new();
                loop {
                    match updates.next().await {
                        Ok(Some(batch)) => {
                            pause.over();
                            let (listener, batch) = (Arc::clone(&listener), list(batch));
                            if !outlet.deliver_of(updates.whose(), move || listener.on_batch(batch)).await {
                                return;
                            }
                        }
                        Ok(None) => return,
                        Err(error) => pause.take(&error).await,
                    }
                }
            })
        })
    }

    /// Observes how things stand. Follows whoever is here.
    pub fn status(&self, listener: Box<dyn StatusListener>) -> Arc<Subscription> {
        let listener: Arc<dyn StatusListener> = listener.into();
        self.subscribe(|open, outlet| {
            let mut updates = open.client.status();
            Box::pin(async move {
                let mut pause = Pause::new();
                loop {
                    match updates.next().await {
                        Ok(Some(status)) => {
                            pause.over();
                            let (listener, status) = (Arc::clone(&listener), status.into());
                            if !outlet.deliver_of(updates.whose(), move || listener.on_status(status)).await {
                                return;
                            }
                        }
                        Ok(None) => return,
                        Err(error) => pause.take(&error).await,
                    }
                }
            })
        })
    }

    /// Begins a conversation. The desk learns of it with its first message; without one it leaves no trace.
    pub async fn start_conversation(&self) -> Result<Arc<Conversation>, SupportError> {
        let host = Arc::clone(&self.host);
        self.host.run(async move |open| Ok(Conversation::begun(host, open.client.start_conversation()?))).await
    }

    /// The customer's open conversation, or a new one: what a "Chat with us" button opens. The one with the latest
    /// activity that is neither resolved nor deleted at the desk and that the customer can write in; where there is none,
    /// a new one is begun, the same at each call until something is said or drafted there. Reads the phone only.
    pub async fn current_conversation(&self) -> Result<Arc<Conversation>, SupportError> {
        let host = Arc::clone(&self.host);
        self.host.run(async move |open| Ok(Conversation::begun(host, open.client.current_conversation().await?))).await
    }

    /// A conversation of the list, one that was begun by this client, or one whose id was kept. One that this customer does
    /// not have is told by the first command ([`SupportError::NotFound`]), and its timeline ends.
    pub fn conversation(&self, id: String) -> Arc<Conversation> {
        Conversation::known(Arc::clone(&self.host), id)
    }

    /// How many messages the customer has not seen, in all conversations.
    pub async fn unread(&self) -> Result<i32, SupportError> {
        self.host.run(async move |open| Ok(number(open.client.unread().await?))).await
    }

    /// How things stand now, as the phone knows it. For one who needs it once; [`status`](Self::status) tells changes.
    pub async fn current_status(&self) -> Result<ClientStatus, SupportError> {
        self.host
            .run(async move |open| {
                // Observing waits through a pause; this is to say so.
                open.client.unread().await?;
                let status = open.client.status().next().await?;
                Ok(status.ok_or(shopbell::SupportError::Closed)?.into())
            })
            .await
    }

    /// What the desk can do. Not asked of it: known beforehand.
    pub async fn capabilities(&self) -> Result<Capabilities, SupportError> {
        self.host.run(async move |open| Ok(open.client.capabilities().into())).await
    }

    /// Asks the desk about itself: also a check of the configuration, for a developer's first run.
    ///
    /// Errors: [`SupportError::InvalidConfig`] where the desk does not know the inbox; [`SupportError::Offline`],
    /// [`SupportError::DeskUnavailable`] or [`SupportError::Busy`].
    pub async fn desk_info(&self) -> Result<DeskInfo, SupportError> {
        self.host.run(async move |open| Ok(open.client.desk_info().await?.into())).await
    }

    /// Asks the desk for news now: for pull-to-refresh. What is new is in the list and the timelines when it returns.
    ///
    /// Errors: [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`]; what is on the
    /// phone stays as it is.
    pub async fn refresh(&self) -> Result<(), SupportError> {
        self.host.show(async move |open| Ok(open.client.refresh().await?)).await
    }

    /// The list is shown, or no longer is: for a host that observes it all the time. Returns at once.
    pub fn show_list(&self, shown: bool) {
        self.host.when_open(Box::new(move |open| {
            if let Ok(open) = open {
                open.client.show_list(shown);
            }
        }));
    }

    /// The host says that there is a network again (`true`), or that there is none (`false`). Never needed, always helpful.
    /// A hint: a request that is answered all the same overrules it, and it is doubted after a while. Returns at once.
    pub fn network_changed(&self, available: bool) {
        self.host.when_open(Box::new(move |open| {
            if let Ok(open) = open {
                open.client.network_changed(available);
            }
        }));
    }

    /// Closes every file, lock and socket, for the app goes to the background and may be frozen there. What is being
    /// sent may finish first, for at most three seconds. Pausing twice is one pause.
    pub async fn pause(&self) -> Result<(), SupportError> {
        self.host
            .run(async move |open| {
                open.client.pause().await;
                Ok(())
            })
            .await
    }

    /// Opens everything again and tries at once what waits. On a client that is not paused it only does the latter:
    /// call it whenever the app comes to the foreground.
    pub async fn resume(&self) -> Result<(), SupportError> {
        self.host.show(async move |open| Ok(open.client.resume().await?)).await
    }

    /// Ends the client for good, and with it every object that it gave out. No call to a listener begins from the
    /// moment that this begins. A second time is no error.
    pub async fn shutdown(&self) {
        self.host.shut_down().await;
    }
}

impl Client {
    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    fn subscribe(&self, asking: impl FnOnce(&Open, Outlet) -> Asking + Send + 'static) -> Arc<Subscription> {
        let line = Line::new();
        let of_job = Arc::clone(&line);
        self.host.when_open(Box::new(move |open| {
            if let Ok(open) = open {
                let outlet = Outlet { line: Arc::clone(&of_job), deliveries: open.deliveries.clone() };
                of_job.spawn(&open, asking(&open, outlet));
            }
        }));
        Subscription::new(line, Arc::clone(&self.host))
    }
}
