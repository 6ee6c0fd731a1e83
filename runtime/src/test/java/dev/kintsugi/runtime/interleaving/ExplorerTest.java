package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The explorer leaves out interleavings. Here it is held against one that leaves out none: what
 * small random transactions read, and what they leave behind, has to be the same in all.
 */
@Tag("slow")
class ExplorerTest {

  private static final int TOYS = 5;

  /** What was read by whom in the run under way. */
  private final Map<String, List<String>> read = new TreeMap<>();

  @Test
  void what_it_leaves_out_makes_no_difference() throws Exception {
    long seed = Long.getLong("kintsugi.seed", System.nanoTime());
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    try (Scene scene =
        new Scene(
            new TestProjection("log"), (world, log) -> prepare(world::execute), Rewriting.NONE)) {
      int left = 0;
      for (int toy = 0; toy < TOYS; toy++) {
        Map<String, List<String>> scripts = scripts(random);
        Set<String> all = new TreeSet<>();
        int runs = runAll(scene, scripts, all);
        Set<String> explored = new TreeSet<>();
        Explorer.Count count =
            new Explorer(chooser -> run(scene, scripts, chooser))
                .explore(
                    result -> {
                      explored.add(outcome(scene, result));
                      return true;
                    });
        assertThat(explored).as("outcomes of %s, seed %d", scripts, seed).isEqualTo(all);
        left += runs - count.complete();
      }
      assertThat(left).as("runs that it left out, seed %d", seed).isPositive();
    }
  }

  private interface Executes {
    int execute(String sql) throws Exception;
  }

  private static void prepare(Executes database) throws Exception {
    database.execute("CREATE TABLE one (v TEXT NOT NULL)");
    database.execute("CREATE TABLE two (v TEXT NOT NULL)");
    database.execute("CREATE TABLE numbered (n BIGSERIAL, v TEXT NOT NULL)");
    database.execute("CREATE TABLE keyed (k INT PRIMARY KEY, v TEXT NOT NULL)");
    database.execute("INSERT INTO one VALUES ('')");
    database.execute("INSERT INTO two VALUES ('')");
  }

  /** Two or three sessions with a few statements each; none locks more than one row. */
  private static Map<String, List<String>> scripts(RandomGenerator random) {
    Map<String, List<String>> scripts = new LinkedHashMap<>();
    int sessions = random.nextInt(2, 4);
    for (int session = 0; session < sessions; session++) {
      String name = String.valueOf((char) ('p' + session));
      List<String> script = new ArrayList<>();
      int statements = sessions == 2 ? 3 : 2;
      boolean locks = false;
      while (script.size() < statements) {
        String table = spelled(random.nextBoolean() ? "one" : "two", random);
        String numbered = spelled("numbered", random);
        String keyed = spelled("keyed", random);
        switch (random.nextInt(6)) {
          case 0 -> script.add("SELECT v FROM " + table);
          case 1 -> script.add("SELECT string_agg(v, ',' ORDER BY n) FROM " + numbered);
          case 2 -> script.add("SELECT string_agg(v, ',') FROM " + keyed);
          case 3 -> script.add("INSERT INTO " + numbered + " (v) VALUES ('" + name + "')");
          case 4 -> {
            if (!locks) {
              script.add(
                  "INSERT INTO %s AS t VALUES (1, '%s') ON CONFLICT (k) DO UPDATE SET v = t.v || excluded.v"
                      .formatted(keyed, name));
              locks = true;
            }
          }
          default -> {
            if (!locks) {
              script.add("UPDATE " + table + " SET v = v || '" + name + "'");
              locks = true;
            }
          }
        }
      }
      script.add(random.nextInt(5) == 0 ? "ROLLBACK" : "COMMIT");
      scripts.put(name, script);
    }
    return scripts;
  }

  /** The journal's tables are quoted, as they may have any name. */
  private static String spelled(String table, RandomGenerator random) {
    return random.nextBoolean() ? table : '"' + table + '"';
  }

  private Explorer.Result run(Scene scene, Map<String, List<String>> scripts, Run.Chooser chooser)
      throws Exception {
    read.clear();
    Map<String, Program> programs = new LinkedHashMap<>();
    scripts.forEach(
        (name, script) -> {
          List<String> answers = new ArrayList<>();
          read.put(name, answers);
          programs.put(
              name,
              (database, session) -> {
                try (Connection connection = database.connection()) {
                  for (String statement : script) {
                    execute(connection, statement, answers);
                  }
                }
              });
        });
    return scene.run(programs, chooser);
  }

  private static void execute(Connection connection, String statement, List<String> answers)
      throws SQLException {
    switch (statement) {
      case "COMMIT" -> connection.commit();
      case "ROLLBACK" -> connection.rollback();
      default -> {
        try (Statement sent = connection.createStatement()) {
          if (sent.execute(statement)) {
            try (ResultSet row = sent.getResultSet()) {
              row.next();
              answers.add(row.getString(1));
            }
          }
        }
      }
    }
  }

  private String outcome(Scene scene, Explorer.Result result) throws Exception {
    assertThat(result.outcome().failures()).isEmpty();
    return read
        + " "
        + scene
            .world()
            .column(
                "SELECT (SELECT v FROM one) || '|' || (SELECT v FROM two) || '|'"
                    + " || COALESCE((SELECT v FROM keyed), '') || '|'"
                    + " || COALESCE((SELECT string_agg(v, ',' ORDER BY n) FROM numbered), '')");
  }

  /** Each choice at each step, one after the other. */
  private int runAll(Scene scene, Map<String, List<String>> scripts, Set<String> outcomes)
      throws Exception {
    List<Integer> taken = new ArrayList<>();
    List<Integer> choices = new ArrayList<>();
    int runs = 0;
    do {
      int[] depth = {0};
      Explorer.Result result =
          run(
              scene,
              scripts,
              enabled -> {
                if (depth[0] == taken.size()) {
                  taken.add(0);
                  choices.add(enabled.size());
                }
                int choice = taken.get(depth[0]++);
                return OptionalInt.of(new ArrayList<>(enabled.keySet()).get(choice));
              });
      outcomes.add(outcome(scene, result));
      runs++;
    } while (next(taken, choices));
    return runs;
  }

  private static boolean next(List<Integer> taken, List<Integer> choices) {
    while (!taken.isEmpty()) {
      int last = taken.size() - 1;
      if (taken.get(last) + 1 < choices.get(last)) {
        taken.set(last, taken.get(last) + 1);
        return true;
      }
      taken.remove(last);
      choices.remove(last);
    }
    return false;
  }
}
