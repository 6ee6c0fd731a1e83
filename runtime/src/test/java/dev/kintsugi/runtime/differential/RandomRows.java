package dev.kintsugi.runtime.differential;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * Rows in one to three tables, with a script of random constraints, or with none and no script.
 *
 * <p>An event is a list of changes: {@code 0 put k t=v c+3 lo<2 hi>9} or {@code 1 del k}: the
 * table's number, what to do, the key, and the columns. Keys are of one stream, but in tables whose
 * columns give the same in every order: what a constraint over rows of several streams says depends
 * on their order, and that is the application's to know.
 */
final class RandomRows implements RandomDefinition {

  private static final int KEYS = 3;

  /** Made by the mapper: an event with half a pair would come back from the journal without it. */
  static final String HALF_A_PAIR = "\uD83D";

  /** Too long for an index, and does not compress. */
  static final String LONG =
      new java.util.Random(1).ints(3000, 'a', 'z').mapToObj(Character::toString).collect(joining());

  /** Too long for an index, unless it is compressed. */
  private static final String LONG_AND_FLAT = "x".repeat(3000);

  /** How a table is made. */
  private record Made(
      boolean shared,
      String counterType,
      boolean varchar,
      boolean child,
      String constraints,
      String index) {}

  private final List<Made> tables = new ArrayList<>();
  private final boolean hasScript;
  private final boolean hasTrigger;
  private final boolean isDeferred;

  RandomRows(RandomGenerator random) {
    hasScript = random.nextInt(3) > 0;
    hasTrigger = hasScript && random.nextInt(4) == 0;
    isDeferred = random.nextInt(3) == 0;
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      boolean constrained = hasScript && random.nextInt(4) > 0;
      boolean child = constrained && i > 0 && !tables.get(0).shared() && random.nextBoolean();
      tables.add(
          new Made(
              !constrained && !(hasTrigger && i == 0) && random.nextInt(3) == 0,
              oneOf(random, "bigint", "integer", "smallint", "numeric"),
              constrained && random.nextInt(3) == 0,
              child,
              constrained ? constraints(random, child) : "",
              hasScript
                  ? oneOf(random, "", "", "(t)", "(k, t)", "(hi) INCLUDE (t)", "(upper(t))")
                  : oneOf(random, "", "t", "t,k", "j")));
    }
  }

  private static String oneOf(RandomGenerator random, String... texts) {
    return texts[random.nextInt(texts.length)];
  }

  private String constraints(RandomGenerator random, boolean child) {
    List<String> constraints = new ArrayList<>();
    if (random.nextBoolean()) {
      constraints.add("CHECK (c >= 0)");
    }
    if (random.nextInt(3) == 0) {
      constraints.add("CHECK (c <= 40 OR t = 'big')");
    }
    if (random.nextInt(3) == 0) {
      constraints.add("UNIQUE (t)" + (isDeferred ? " DEFERRABLE INITIALLY DEFERRED" : ""));
    }
    if (random.nextInt(4) == 0) {
      constraints.add("CHECK (lo IS NULL OR hi IS NULL OR lo <= hi)");
    }
    if (child) {
      constraints.add(
          "FOREIGN KEY (k) REFERENCES {0} (k) "
              + oneOf(random, "ON DELETE CASCADE", "ON DELETE RESTRICT", "ON DELETE NO ACTION")
              + (isDeferred ? " DEFERRABLE INITIALLY DEFERRED" : ""));
    }
    return constraints.stream().map(constraint -> ", " + constraint).collect(joining());
  }

  @Override
  public Projection<String> named(String name, FailurePolicy policy) {
    List<RowTable> declared = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      RowTable table =
          RowTable.named(name + "_" + i)
              .key("k", "text")
              .column("t", "text")
              .counter("c", tables.get(i).counterType())
              .least("lo", "bigint")
              .greatest("hi", "bigint")
              .column("j", "jsonb");
      String index = tables.get(i).index();
      declared.add(hasScript || index.isEmpty() ? table : table.index(index.split(",", -1)));
    }
    Projection.Builder<String> builder =
        Projection.named(name)
            .of(String.class)
            .entityTypes(name)
            .onFailure(policy)
            .rebuilt(RebuildPolicy.inPlace());
    if (hasScript) {
      builder.tables(Tables.sql(script(name)));
    }
    return builder.rows(declared, (envelope, rows) -> map(declared, envelope, rows)).build();
  }

  private String script(String name) {
    StringBuilder script = new StringBuilder();
    for (int i = 0; i < tables.size(); i++) {
      Made made = tables.get(i);
      script.append(
          """
          CREATE TABLE IF NOT EXISTS %s_%d (
            k text PRIMARY KEY, t %s, c %s NOT NULL DEFAULT 0, lo bigint, hi bigint, j jsonb%s);
          """
              .formatted(
                  name,
                  i,
                  made.varchar() ? "varchar(3)" : "text",
                  made.counterType(),
                  made.constraints().replace("{0}", name + "_0")));
      if (!made.index().isEmpty()) {
        script.append(
            "CREATE INDEX IF NOT EXISTS %1$s_%2$d_i ON %1$s_%2$d %3$s;\n"
                .formatted(name, i, made.index()));
      }
    }
    if (hasTrigger) {
      script.append(
          """
          CREATE OR REPLACE FUNCTION %1$s_f() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF NEW.c %% 7 = 6 THEN RAISE EXCEPTION 'seven'; END IF;
            NEW.j = to_jsonb(NEW.c);
            RETURN NEW;
          END $$;
          CREATE OR REPLACE TRIGGER %1$s_t BEFORE INSERT OR UPDATE ON %1$s_0
            FOR EACH ROW EXECUTE FUNCTION %1$s_f();
          """
              .formatted(name));
    }
    return script.toString();
  }

  private static void map(
      List<RowTable> tables, EventEnvelope<String> envelope, RowChanges changes) {
    for (String change : envelope.event().split(";", -1)) {
      String[] words = change.split(" ", -1);
      RowTable table = tables.get(Integer.parseInt(words[0]));
      if (words[1].equals("del")) {
        changes.delete(table, words[2]);
        continue;
      }
      RowChanges.Row row = changes.upsert(table, words[2]);
      for (int i = 3; i < words.length; i++) {
        String value = words[i].substring(2);
        switch (words[i].substring(0, 2)) {
          case "t=" -> row.set("t", value.isEmpty() ? null : text(value));
          case "j=" -> row.set("j", value);
          case "c+" -> row.increment("c", Long.parseLong(value));
          case "l<" -> row.least("lo", Long.parseLong(value));
          case "h>" -> row.greatest("hi", Long.parseLong(value));
          default -> throw new IllegalArgumentException(words[i]);
        }
      }
    }
    if (envelope.event().contains("poison")) {
      throw new IllegalArgumentException("poison");
    }
  }

  private static String text(String value) {
    return switch (value) {
      case "half" -> HALF_A_PAIR;
      case "long" -> LONG;
      case "flat" -> LONG_AND_FLAT;
      default -> value;
    };
  }

  @Override
  public String event(RandomGenerator random, String stream) {
    List<String> changes = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      int table = random.nextInt(tables.size());
      changes.add(change(random, table, tables.get(table), stream));
    }
    return String.join(";", changes);
  }

  private String change(RandomGenerator random, int number, Made table, String stream) {
    int key = random.nextInt(KEYS);
    if (table.shared()) {
      return "%d put k%d%s%s%s".formatted(number, key, add(random, 5), least(random), most(random));
    }
    if (random.nextInt(5) == 0) {
      return "%d del %s%d".formatted(number, stream, key);
    }
    StringBuilder change = new StringBuilder("%d put %s%d".formatted(number, stream, key));
    if (random.nextInt(3) == 0) {
      change.append(" t=").append(text(random, stream));
    }
    if (random.nextBoolean()) {
      change.append(add(random, limitOf(random, table)));
    }
    change.append(random.nextInt(4) == 0 ? least(random) : "");
    change.append(random.nextInt(4) == 0 ? most(random) : "");
    if (random.nextInt(8) == 0) {
      change.append(" j=").append(oneOf(random, "{}", "{\"a\":[1]}", "no json", "\"\\u0000\""));
    }
    return change.toString();
  }

  /** Now and then so much that the type overflows. */
  private static long limitOf(RandomGenerator random, Made table) {
    if (random.nextInt(10) > 0) {
      return 20;
    }
    return switch (table.counterType()) {
      case "smallint" -> Short.MAX_VALUE;
      case "integer" -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }

  private static String add(RandomGenerator random, long limit) {
    long by = limit > 20 ? limit : random.nextLong(-limit / 2, limit);
    return " c+" + (limit > 20 && random.nextBoolean() ? -by : by);
  }

  private static String least(RandomGenerator random) {
    return " l<" + random.nextInt(10);
  }

  private static String most(RandomGenerator random) {
    return " h>" + random.nextInt(10);
  }

  private static String text(RandomGenerator random, String stream) {
    return oneOf(
        random, "", "big", stream + "x", stream + "y", "half", "poison", "😀", "long", "flat");
  }

  @Override
  public List<String> rows(String name) {
    List<String> statements = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      statements.add(
          "SELECT '%2$d ' || r::text FROM %1$s_%2$d r ORDER BY k COLLATE \"C\"".formatted(name, i));
    }
    return statements;
  }

  @Override
  public boolean isComparable() {
    return !hasTrigger;
  }

  @Override
  public String toString() {
    return "rows, " + (hasScript ? script("x") : tables.toString());
  }
}
