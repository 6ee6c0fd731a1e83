package dev.kintsugi.runtime.differential;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * A fold whose state does not come back from JSON as it went: by order, by class, by scale, or as
 * it is changed in place. An event is a key, a word and a number.
 */
final class RandomFold implements RandomDefinition {

  /** Remembers what came last, by a map that knows the order in which it was filled. */
  record Recent(LinkedHashMap<String, Integer> seen) {}

  /** Values of whichever class. */
  record Loose(Map<String, Object> values, List<Object> classes) {}

  /** A state that is changed in place. */
  static final class Mutable {
    public List<String> words = new ArrayList<>();
    public long sum;
  }

  /** Nothing that JSON would change. */
  record Plain(long sum, String last, Optional<Instant> at) {}

  /** Numbers that JSON or the database writes in another way. */
  record Numbers(BigDecimal total, double last, float half) {}

  private final int kind;
  private final boolean hasColumn;
  private final boolean isIndexed;

  RandomFold(RandomGenerator random) {
    kind = random.nextInt(5);
    hasColumn = random.nextBoolean();
    isIndexed = random.nextBoolean();
  }

  /** What an event says. */
  private record Said(String key, String word, int number) {
    static Said of(EventEnvelope<String> envelope) {
      String[] words = envelope.event().split(" ", -1);
      String word =
          words[1]
              .replace("half", RandomRows.HALF_A_PAIR)
              .replace("nul", "\0")
              .replace("long", RandomRows.LONG);
      return new Said(words[0], word, Integer.parseInt(words[2]));
    }
  }

  @Override
  public Projection<String> named(String name, FailurePolicy policy) {
    Projection.Builder<String> builder =
        Projection.named(name)
            .of(String.class)
            .entityTypes(name)
            .onFailure(policy)
            .rebuilt(RebuildPolicy.inPlace());
    Projection.Builder<String> defined =
        switch (kind) {
          case 0 -> fold(builder, Recent.class, RandomFold::recent, s -> s.seen().size());
          case 1 -> fold(builder, Loose.class, RandomFold::loose, s -> s.values().size());
          case 2 -> fold(builder, Mutable.class, RandomFold::mutable, s -> s.sum);
          case 3 -> fold(builder, Plain.class, RandomFold::plain, Plain::sum);
          default -> fold(builder, Numbers.class, RandomFold::numbers, s -> s.total().intValue());
        };
    return defined.build();
  }

  private interface Evolve<S> {
    Optional<S> of(Optional<S> state, Said said);
  }

  private <S> Projection.Builder<String> fold(
      Projection.Builder<String> builder,
      Class<S> stateClass,
      Evolve<S> evolve,
      java.util.function.Function<S, Number> column) {
    return builder.fold(
        stateClass,
        fold -> {
          fold.key(envelope -> Said.of(envelope).key())
              .evolve((state, envelope) -> evolve.of(state, Said.of(envelope)));
          if (isIndexed) {
            fold.index("state", "key");
          }
          return hasColumn ? fold.column("n", "smallint", s -> column.apply(s).longValue()) : fold;
        });
  }

  private static void refusePoison(Said said) {
    if (said.word().equals("poison")) {
      throw new IllegalArgumentException("poison");
    }
  }

  private static Optional<Recent> recent(Optional<Recent> state, Said said) {
    LinkedHashMap<String, Integer> seen =
        new LinkedHashMap<>(state.map(Recent::seen).orElse(new LinkedHashMap<>()));
    seen.put(said.word(), said.number());
    while (seen.size() > 2) {
      seen.remove(seen.keySet().iterator().next());
    }
    refusePoison(said);
    return said.number() == 0 ? Optional.empty() : Optional.of(new Recent(seen));
  }

  private static Optional<Loose> loose(Optional<Loose> state, Said said) {
    Map<String, Object> values =
        new LinkedHashMap<>(state.map(Loose::values).orElse(new LinkedHashMap<>()));
    List<Object> classes = new ArrayList<>();
    values.forEach((key, value) -> classes.add(key + value.getClass().getSimpleName()));
    values.put(
        said.word(),
        switch (said.number() % 4) {
          case 0 -> new BigDecimal("1E+" + said.number() % 5);
          case 1 -> Instant.ofEpochSecond(said.number());
          case 2 -> said.number() / 2.0;
          default -> said.number() * 3_000_000_000L;
        });
    refusePoison(said);
    return Optional.of(new Loose(values, classes));
  }

  private static Optional<Mutable> mutable(Optional<Mutable> state, Said said) {
    Mutable same = state.orElseGet(Mutable::new);
    same.words.add(said.word());
    same.sum += said.number() * 100L;
    refusePoison(said);
    return Optional.of(same);
  }

  private static Optional<Plain> plain(Optional<Plain> state, Said said) {
    refusePoison(said);
    return Optional.of(
        new Plain(
            state.map(Plain::sum).orElse(0L) + said.number() * 1000L,
            said.word(),
            said.number() % 2 == 0
                ? Optional.empty()
                : Optional.of(Instant.ofEpochSecond(said.number(), 123456789))));
  }

  private static Optional<Numbers> numbers(Optional<Numbers> state, Said said) {
    refusePoison(said);
    BigDecimal before = state.map(Numbers::total).orElse(new BigDecimal("0.00"));
    return Optional.of(
        new Numbers(
            before.scale() < 0 ? before.add(BigDecimal.TEN) : new BigDecimal(said.number() + "E+1"),
            state.map(n -> 1 / n.last()).orElse(0.0) < 0 ? said.number() : -0.0,
            said.number() / 3f));
  }

  @Override
  public String event(RandomGenerator random, String stream) {
    return "%s%d %s %d"
        .formatted(
            stream,
            random.nextInt(2),
            List.of("ant", "bee", "zebra", "half", "nul", "poison", "ünï", "q\"\\", "long")
                .get(random.nextInt(6) == 0 ? random.nextInt(9) : random.nextInt(3)),
            random.nextInt(100));
  }

  @Override
  public List<String> rows(String name) {
    return List.of("SELECT t::text FROM %s t ORDER BY key COLLATE \"C\"".formatted(name));
  }

  @Override
  public boolean isComparable() {
    return true;
  }

  @Override
  public String toString() {
    return "fold into "
        + List.of("Recent", "Loose", "Mutable", "Plain", "Numbers").get(kind)
        + (hasColumn ? " with a column" : "")
        + (isIndexed ? ", indexed" : "");
  }
}
