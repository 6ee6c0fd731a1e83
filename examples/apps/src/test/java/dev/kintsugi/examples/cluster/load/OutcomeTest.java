package dev.kintsugi.examples.cluster.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class OutcomeTest {

  @Test
  void an_answer_says_whether_it_is_stored_or_that_nobody_knows() {
    assertThat(Outcome.ofStatus(201)).isEqualTo(Outcome.ACKNOWLEDGED);
    assertThat(Outcome.ofStatus(409)).isEqualTo(Outcome.REFUSED);
    assertThat(Outcome.ofStatus(503)).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void what_never_reached_a_node_can_be_sent_to_another() {
    assertThat(Outcome.of(null, new CompletionException(new ConnectException())))
        .isEqualTo(Outcome.NOT_SENT);
    assertThat(Outcome.of(null, new HttpConnectTimeoutException("slow")))
        .isEqualTo(Outcome.NOT_SENT);
  }

  @Test
  void what_was_under_way_is_unknown() {
    assertThat(Outcome.of(null, new CompletionException(new IOException("reset"))))
        .isEqualTo(Outcome.UNKNOWN);
    assertThat(Outcome.of(null, new HttpTimeoutException("no answer"))).isEqualTo(Outcome.UNKNOWN);
  }
}
