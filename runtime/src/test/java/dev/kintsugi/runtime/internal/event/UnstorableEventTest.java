package dev.kintsugi.runtime.internal.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.persistence.UnstorableEventException;
import dev.kintsugi.runtime.testing.World;
import java.util.Collections;
import java.util.Set;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the journal can't hold is refused before anything is sent, and said which and why. */
class UnstorableEventTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  /** Serializers know nothing of it. */
  private record Unknown(String text) {}

  private void assertRefused(String persistenceId, Object payload, String... why) {
    assertThatThrownBy(() -> world.event(persistenceId, 7, payload))
        .isInstanceOfSatisfying(
            UnstorableEventException.class,
            e -> {
              assertThat(e.persistenceId()).isEqualTo(persistenceId);
              assertThat(e.sequenceNumber()).isEqualTo(7);
              assertThat(e).hasMessageContaining("event 7 of stream").hasMessageContainingAll(why);
            });
  }

  @Test
  void an_event_that_no_serializer_knows() {
    assertRefused("a", new Unknown("x"), "'a'", "Unknown");
  }

  @Test
  void a_persistence_id_that_is_longer_than_its_column() {
    assertRefused("x".repeat(256), "event", "persistence id", "256 characters", "255");
  }

  @Test
  void a_persistence_id_with_a_nul() {
    assertRefused("a\0b", "event", "'a\\0b'", "NUL");
  }

  @Test
  void a_persistence_id_of_blanks_where_a_new_one_is_asked_for() {
    assertThatThrownBy(() -> StorableText.refusePersistenceId(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("blank");
  }

  @Test
  void a_tag_that_is_longer_than_its_column_or_has_a_nul() {
    assertRefused("a", new Tagged("event", Set.of("x".repeat(257))), "tag", "257", "256");
    assertRefused("a", new Tagged("event", Set.of("x\0")), "tag", "'x\\0'", "NUL");
  }

  @Test
  void a_text_with_half_a_character_which_the_driver_would_replace() {
    assertRefused("a\uD83C", "event", "half a surrogate pair");
    assertRefused("a", new Tagged("event", Set.of("\uDFFA")), "half a surrogate pair");
  }

  @Test
  void what_is_larger_than_could_be_read_again() {
    assertThat(StorageLimits.violationOfSize(StorageLimits.LARGEST_WRITE, 1)).isEmpty();
    assertThat(StorageLimits.violationOfSize(StorageLimits.LARGEST_WRITE + 1, 1))
        .hasValueSatisfying(why -> assertThat(why).contains("it has 524288001 bytes", "524288000"));
    assertThat(StorageLimits.violationOfSize(StorageLimits.LARGEST_WRITE + 1, 3))
        .hasValueSatisfying(why -> assertThat(why).contains("3 events"));
  }

  @Test
  void the_size_of_all_that_is_to_be_stored_at_once_counts() {
    NewEvent event = world.event("a", 7, new byte[10_000_000]);

    StorageLimits.refuseTooLarge(Collections.nCopies(52, event));
    assertThatThrownBy(() -> StorageLimits.refuseTooLarge(Collections.nCopies(53, event)))
        .isInstanceOf(UnstorableEventException.class)
        .hasMessageContaining("event 7 of stream 'a'")
        .hasMessageContaining("53 events");
  }

  @Test
  void what_just_fits_is_stored_and_characters_are_counted_as_postgresql_does() throws Exception {
    String kintsugi = "\uD83C\uDFFA"; // one character of PostgreSQL's, two of Java's
    String persistenceId = kintsugi.repeat(255);
    String tag = kintsugi.repeat(256);

    world.append(world.event(persistenceId, 1, new Tagged("event", Set.of(tag))));

    assertThat(world.column("SELECT persistence_id FROM event_journal"))
        .containsExactly(persistenceId);
    assertThat(world.column("SELECT tag FROM event_tag")).containsExactly(tag);
  }
}
