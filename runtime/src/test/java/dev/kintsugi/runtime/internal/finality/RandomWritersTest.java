package dev.kintsugi.runtime.internal.finality;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Writers that know nothing of Kintsugi insert: they take no id first, dawdle between the number
 * that they draw and their end, prepare some transactions, and roll some back. Whoever reads in the
 * order of the numbers, up to what is final, comes by each row that was committed.
 */
class RandomWritersTest {

  private static final int WRITERS = 6;
  private static final int TRANSACTIONS = 200;

  private static final String PLAIN =
      "CREATE TABLE numbered (n BIGSERIAL PRIMARY KEY, writer INT NOT NULL)";

  private static final String PARTITIONED =
      """
      CREATE TABLE numbered (n BIGSERIAL, writer INT NOT NULL, PRIMARY KEY (n, writer))
        PARTITION BY HASH (writer);
      CREATE TABLE numbered_0 PARTITION OF numbered FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE numbered_1 PARTITION OF numbered FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      """;

  /** The number is drawn by then, and no id. */
  private static final String DAWDLE =
      """
      CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          IF random() < 0.2 THEN PERFORM pg_sleep(random() * 0.005); END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER dawdle BEFORE INSERT ON numbered FOR EACH ROW EXECUTE FUNCTION dawdle();
      """;

  private final World world = new World();
  private final NumberedTable table =
      new NumberedTable("numbered", "\"n\"", "the table", "number", "row");
  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);

  @AfterEach
  void close() {
    threads.shutdownNow();
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {PLAIN, PARTITIONED})
  void whoever_reads_up_to_what_is_final_passes_no_row_over(String definition) throws Exception {
    world.execute(definition + ";" + DAWDLE);
    long seed = ThreadLocalRandom.current().nextLong();
    ConcurrentSkipListSet<Long> committed = new ConcurrentSkipListSet<>();
    List<Future<?>> writing = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      RandomGenerator random = new Random(seed + i);
      int writer = i;
      writing.add(
          threads.submit(
              () -> {
                write(writer, random, committed);
                return null;
              }));
    }

    List<Long> read = new ArrayList<>();
    FinalOrdering now = FinalOrdering.NONE;
    boolean atWork;
    do {
      atWork = writing.stream().anyMatch(writer -> !writer.isDone());
      try (Connection connection = world.database().connection()) {
        long before = now.ordering();
        now = now.look(connection, table, 0, 0);
        read.addAll(rows(connection, before, now.ordering()));
      }
    } while (atWork || now.unproven().isPresent());
    for (Future<?> writer : writing) {
      writer.get();
    }

    assertThat(read).as("seed %d", seed).containsExactlyElementsOf(committed).isNotEmpty();
  }

  private void write(int writer, RandomGenerator random, ConcurrentSkipListSet<Long> committed)
      throws SQLException {
    String gid = "numbered-" + ProcessHandle.current().pid() + "-" + writer;
    try (Connection connection = DriverManager.getConnection(world.url());
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < TRANSACTIONS; i++) {
        dawdle(statement, random);
        statement.execute("BEGIN");
        List<Long> drawn = new ArrayList<>();
        for (int rows = 1 + random.nextInt(2); rows > 0; rows--) {
          drawn.add(insert(statement, writer));
        }
        boolean commits = random.nextInt(4) > 0;
        String end = commits ? "COMMIT" : "ROLLBACK";
        if (random.nextInt(4) == 0) {
          statement.execute("PREPARE TRANSACTION '" + gid + "'");
          dawdle(statement, random);
          end += " PREPARED '" + gid + "'";
        } else {
          dawdle(statement, random);
        }
        if (commits) {
          committed.addAll(drawn);
        }
        statement.execute(end);
      }
    }
  }

  private static long insert(Statement statement, int writer) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "INSERT INTO numbered (writer) VALUES (" + writer + ") RETURNING n")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Mostly it is short, so that often nobody is there that writes; now and then it is long. */
  private static void dawdle(Statement statement, RandomGenerator random) throws SQLException {
    if (random.nextInt(6) == 0) {
      statement.execute("SELECT pg_sleep(" + random.nextDouble() * 0.02 + ")");
    }
  }

  private static List<Long> rows(Connection connection, long after, long upTo) throws SQLException {
    List<Long> rows = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement("SELECT n FROM numbered WHERE n > ? AND n <= ? ORDER BY n")) {
      select.setLong(1, after);
      select.setLong(2, upTo);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rows.add(row.getLong(1));
        }
      }
    }
    return rows;
  }
}
