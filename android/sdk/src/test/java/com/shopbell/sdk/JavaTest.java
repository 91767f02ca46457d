package com.shopbell.sdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import kotlin.Unit;
import org.junit.jupiter.api.Test;

/** An app in Java: no coroutine, no default argument, no Kotlin in sight. */
class JavaTest {
    /** The end of a call, to wait for. */
    private static final class Told<T> extends CompletableFuture<T> implements SupportCallback<T> {
        @Override
        public void onSuccess(T value) {
            complete(value);
        }

        @Override
        public void onFailure(SupportException error) {
            completeExceptionally(error);
        }

        T await() throws Exception {
            return get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void messageIsSentAndSeen_withCallbacksAlone() throws Exception {
        try (Desk desk = new Desk();
                ShopbellClient client = new ShopbellClient(new ShopbellConfig(desk.getUrl(), "shop"), DeskKt.folder())) {
            Told<Unit> loggedIn = new Told<>();
            client.loginIdentifiedUser("mai", null, new CustomerProfile("Mai", null, null, null, Map.of(), false, false, List.of(), List.of()), loggedIn);
            loggedIn.await();
            Told<Conversation> begun = new Told<>();
            client.startConversation(begun);
            Conversation conversation = begun.await();
            LinkedBlockingQueue<List<Message>> shown = new LinkedBlockingQueue<>();
            try (AutoCloseable screen = conversation.addMessagesListener(shown::add)) {
                assertTrue(screen != null);
                Told<String> sent = new Told<>();
                conversation.send("from Java", sent);
                String id = sent.await();
                List<Message> messages;
                do {
                    messages = shown.poll(60, TimeUnit.SECONDS);
                } while (messages != null && messages.isEmpty());
                assertTrue(messages != null);
                assertEquals(id, messages.get(0).getId());
            }
            Told<String> refused = new Told<>();
            conversation.send("", refused);
            Throwable error = refused.handle((value, failure) -> failure).get(60, TimeUnit.SECONDS);
            assertTrue(error instanceof SupportException.InvalidInput, String.valueOf(error));
        }
    }
}
