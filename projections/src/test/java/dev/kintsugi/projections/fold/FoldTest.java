package dev.kintsugi.projections.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FoldTest {

  private static final EventEnvelope<String> EVENT =
      EventEnvelope.create(Offset.sequence(42), "Author|ann", 7, "wrote", 0);

  private static Fold.Builder<String, Integer> counts() {
    return Fold.<String, Integer>into("counts", Integer.class)
        .evolve((count, envelope) -> Optional.of(count.orElse(0) + 1));
  }

  @Test
  void its_key_is_the_streams_unless_another_is_given() {
    assertThat(counts().build().keysOf(EVENT)).containsExactly("Author|ann");
    assertThat(counts().key(EventEnvelope::event).build().keysOf(EVENT)).containsExactly("wrote");
  }

  @Test
  void a_key_counts_once_however_often_it_is_named() {
    assertThat(counts().keys(envelope -> List.of("a", "b", "a")).build().keysOf(EVENT))
        .containsExactly("a", "b");
    assertThat(counts().keys(envelope -> List.of()).build().keysOf(EVENT)).isEmpty();
  }

  @Test
  void a_null_key_is_an_error_that_names_fold_and_event() {
    assertThatThrownBy(() -> counts().key(envelope -> nullText()).build().keysOf(EVENT))
        .isInstanceOf(NullKeyException.class)
        .hasMessageContaining(
            "the fold into counts got a null key for event 7 of stream Author|ann");
    assertThatThrownBy(
            () -> counts().keys(envelope -> Arrays.asList("a", nullText())).build().keysOf(EVENT))
        .isInstanceOf(NullKeyException.class);
  }

  @SuppressWarnings("NullAway") // what a careless author gives
  private static String nullText() {
    return (@Nullable String) null;
  }

  @Test
  void an_evolve_that_throws_is_an_error_that_names_key_and_event_and_has_the_cause() {
    IllegalStateException cause = new IllegalStateException("no");
    Fold<String, Integer> fold =
        counts()
            .evolve(
                (count, envelope) -> {
                  throw cause;
                })
            .build();

    assertThatThrownBy(() -> fold.evolve("a", Optional.empty(), EVENT))
        .isInstanceOf(EvolveException.class)
        .hasMessageContaining("can't evolve key 'a' by event 7 of stream Author|ann")
        .hasCause(cause);
  }

  @Test
  void a_fold_without_evolve_is_refused() {
    assertThatThrownBy(() -> Fold.<String, Integer>into("counts", Integer.class).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the fold into 'counts' has no evolve(...)");
  }

  @Test
  void columns_have_names_of_their_own_and_are_declared_before_their_index() {
    assertThatThrownBy(() -> counts().column("state", "text", count -> "x"))
        .hasMessageContaining("has a column 'state' already");
    assertThatThrownBy(() -> counts().index("total"))
        .hasMessageContaining("no column 'total' to be indexed");
    assertThat(counts().column("total", "integer", count -> count).index("total").build().ddl())
        .contains("\"total\" integer");
  }
}
