package dev.kintsugi.projections.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which states are known to be read back as they were written. */
class StateShapeTest {

  enum Colour {
    RED
  }

  enum Renamed {
    @JsonProperty("r")
    RED
  }

  interface Marked {
    @JsonIgnore
    long n();
  }

  record Author(long changes, Instant first, Instant last) {}

  record Full(
      boolean b,
      @Nullable Integer i,
      @Nullable String text,
      Colour colour,
      LocalDate day,
      LocalDateTime time,
      UUID id,
      Author author) {
    long twice() {
      return 2 * author.changes();
    }
  }

  record WithDouble(double d) {}

  record WithDecimal(BigDecimal d) {}

  record WithList(List<String> list) {}

  record WithMap(Map<String, Object> map) {}

  record WithOptional(Optional<String> text) {}

  record WithZone(OffsetDateTime time) {}

  record WithObject(Object any) {}

  record WithRenamed(Renamed colour) {}

  record WithIgnored(@JsonIgnore String text) {}

  record WithGetter(String name) {
    @SuppressWarnings("unused") // Jackson calls it
    public String getName() {
      return "Mr " + name;
    }
  }

  record WithMarked(long n) implements Marked {}

  record Of<T>(T value) {}

  record Within(WithDouble part) {}

  record Node(@Nullable Node next) {}

  record Nothing() {}

  static final class Bean {
    public long n;
  }

  private static boolean isFaithful(Class<?> type) {
    return StateShape.of(type, true).isFaithful();
  }

  @Test
  void records_of_plain_values_are_faithful() {
    assertThat(List.of(Author.class, Full.class, Integer.class, String.class, Colour.class))
        .allMatch(StateShapeTest::isFaithful);
  }

  @Test
  void whatever_json_may_change_is_not() {
    assertThat(
            List.of(
                WithDouble.class,
                WithDecimal.class,
                WithList.class,
                WithMap.class,
                WithOptional.class,
                WithZone.class,
                WithObject.class,
                WithRenamed.class,
                WithIgnored.class,
                WithGetter.class,
                WithMarked.class,
                Of.class,
                Within.class,
                Node.class,
                Nothing.class,
                Bean.class,
                Object.class))
        .noneMatch(StateShapeTest::isFaithful);
  }

  @Test
  void with_a_mapper_of_the_applications_own_none_is() {
    assertThat(StateShape.of(Author.class, false).isFaithful()).isFalse();
  }

  private static Full full(@Nullable String text, long changes) {
    return new Full(
        true,
        null,
        text,
        Colour.RED,
        LocalDate.EPOCH,
        LocalDate.EPOCH.atStartOfDay(),
        new UUID(1, 2),
        new Author(changes, Instant.EPOCH, Instant.EPOCH));
  }

  @Test
  void a_difference_is_named_by_property_and_class() {
    StateShape shape = StateShape.of(Full.class, true);

    assertThat(shape.difference(full("a", 1), full("a", 1))).isEmpty();
    assertThat(shape.difference(full("a", 1), full("a", 2)).orElseThrow())
        .contains("property 'changes' of " + Author.class.getName(), "'1'", "'2'");
    assertThat(shape.difference(full("a", 1), full(null, 1)).orElseThrow())
        .contains("property 'text' of " + Full.class.getName());
  }

  @Test
  void a_text_that_can_not_be_stored_is_named_by_its_property() {
    StateShape shape = StateShape.of(Full.class, true);

    shape.checkTexts(full(null, 1));
    shape.checkTexts(full("fine 😀", 1));
    assertThatThrownBy(() -> shape.checkTexts(full("abc\ud83d", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the text in property 'text' of " + Full.class.getName())
        .hasMessageContaining("half of a surrogate pair");
    assertThatThrownBy(() -> StateShape.of(String.class, true).checkTexts("a\0"))
        .hasMessageContaining("NUL");
  }
}
