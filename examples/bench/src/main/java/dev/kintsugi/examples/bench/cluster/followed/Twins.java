package dev.kintsugi.examples.bench.cluster.followed;

import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.failures.Ledger;
import dev.kintsugi.examples.bench.failures.LedgerAudit;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/** A ledger of each kind twice: one is inline, and the other one follows. */
final class Twins {

  private static final String DIFFERENT =
      """
      SELECT count(*) FROM (
        (SELECT %3$s FROM %1$s EXCEPT SELECT %3$s FROM %2$s)
        UNION ALL
        (SELECT %3$s FROM %2$s EXCEPT SELECT %3$s FROM %1$s)) different
      """;

  private Twins() {}

  /** The name of the one that is inline, and of its table. */
  static String inline(Ledger kind) {
    return "inline_" + kind;
  }

  /** The name of the one that follows, and of its table. */
  static String following(Ledger kind) {
    return "following_" + kind;
  }

  /** The names of those that follow. */
  static List<String> following() {
    return Stream.of(Ledger.values()).map(Twins::following).toList();
  }

  static List<Projection<FileEvent>> projections() {
    return Stream.of(Ledger.values())
        .flatMap(
            kind ->
                Stream.of(
                    defined(kind, inline(kind)).inline().build(),
                    defined(kind, following(kind)).following().build()))
        .toList();
  }

  private static Projection.Builder<FileEvent> defined(Ledger kind, String name) {
    return kind.defined(name, FileEvent.class, envelope -> {}).onFailure(FailurePolicy.skip());
  }

  /** Claims that each is what the journal makes of it, and like its twin. */
  static void claim(BenchDatabase database, Claims claims) throws SQLException {
    for (Ledger kind : Ledger.values()) {
      for (String name : List.of(inline(kind), following(kind))) {
        LedgerAudit.of(database, kind, name).claim(claims, kind, name);
      }
      claims.claim(
          "%s: streams whose row is not as in %s".formatted(following(kind), inline(kind)),
          0,
          different(database, kind));
    }
  }

  private static long different(BenchDatabase database, Ledger kind) throws SQLException {
    String columns = kind.key() + ", events, sequence_sum, last_sequence_number";
    return database.count(DIFFERENT.formatted(inline(kind), following(kind), columns));
  }
}
