package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.FailingCommits;
import dev.kintsugi.runtime.testing.FailingCommits.Lost;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A handler remembers the ids that the database gave to words. What it remembers must be of the
 * generation that it writes, and of transactions that were committed: otherwise a use is written
 * under the id of another word, or of none, and nothing fails.
 */
class HandlerMemoryTest {

  private static final String SCRIPT =
      """
      CREATE TABLE words (id BIGSERIAL PRIMARY KEY, word TEXT NOT NULL UNIQUE);
      CREATE TABLE uses (word_id BIGINT NOT NULL, persistence_id TEXT NOT NULL)
      """;

  private static final String USES =
      """
      SELECT u.persistence_id || ' ' || COALESCE(w.word, '?')
      FROM uses u LEFT JOIN words w ON w.id = u.word_id ORDER BY 1
      """;

  private final World world = new World();
  private final AtomicBoolean failing = new AtomicBoolean();
  private final TestProjection words =
      new TestProjection("words").handledBy(SCRIPT, RememberingHandler::new);

  private final class RememberingHandler extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private final Map<String, Long> ids = new HashMap<>();

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) throws Exception {
      session.withConnection(
          connection -> {
            use(connection, envelope);
            return envelope;
          });
      if (envelope.event().equals("poison") && failing.get()) {
        throw new IllegalArgumentException("poison");
      }
    }

    private void use(Connection connection, EventEnvelope<String> envelope) throws SQLException {
      Long id = ids.get(envelope.event());
      if (id == null) {
        id = idOf(connection, envelope.event());
        ids.put(envelope.event(), id);
      }
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO uses VALUES (?, ?)")) {
        insert.setLong(1, id);
        insert.setString(2, envelope.persistenceId());
        insert.executeUpdate();
      }
    }

    private static long idOf(Connection connection, String word) throws SQLException {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO words (word) VALUES (?) ON CONFLICT (word) DO UPDATE SET word = EXCLUDED.word"
                  + " RETURNING id")) {
        insert.setString(1, word);
        try (ResultSet row = insert.executeQuery()) {
          row.next();
          return row.getLong(1);
        }
      }
    }
  }

  @AfterEach
  void close() {
    world.close();
  }

  private Database losingCommit(int n, Lost lost) {
    return new Database(FailingCommits.only(n, lost, world.database()::connection));
  }

  /** The rebuild gives other ids: the first word's event is in the journal no more. */
  private void rebuildWithOtherIds() throws Exception {
    world.execute("UPDATE event_journal SET deleted = TRUE WHERE persistence_id = 'a'");
    world.requestRebuild(words);
    world.runToTheEnd(words);
  }

  @Test
  void the_writers_handler_does_not_outlive_a_rebuild() throws Exception {
    world.start(words);
    world.append(world.event("a", 1, "gone"), world.event("b", 1, "bee"));
    rebuildWithOtherIds();
    world.append(world.event("c", 1, "bee"), world.event("d", 1, "cat"));

    assertThat(world.column(USES)).containsExactly("b bee", "c bee", "d cat");
  }

  @Test
  void a_drains_handler_does_not_outlive_a_rebuild() throws Exception {
    world.start(words);
    try (Applier applier = new Applier()) {
      world.setPaused(words, true);
      world.append(world.event("a", 1, "gone"), world.event("b", 1, "bee"));
      world.setPaused(words, false);
      world.drains(words, 1).next(applier);
      rebuildWithOtherIds();
      world.setPaused(words, true);
      world.append(world.event("c", 1, "bee"), world.event("d", 1, "cat"));
      world.setPaused(words, false);
      world.drains(words, 2).next(applier);
    }

    assertThat(world.column(USES)).containsExactly("b bee", "c bee", "d cat");
  }

  @ParameterizedTest
  @EnumSource(Lost.class)
  void the_writers_handler_forgets_what_a_commit_did_not_store(Lost lost) throws Exception {
    world.start(words);
    try (Appender appender = new Appender(losingCommit(1, lost), world.writer())) {
      if (lost == Lost.NOT_BUT_A_RACE) {
        appender.append(List.of(world.event("a", 1, "ant")));
      } else {
        assertThatThrownBy(() -> appender.append(List.of(world.event("a", 1, "ant"))))
            .isInstanceOf(SQLException.class);
      }
      appender.append(List.of(world.event("b", 1, "ant")));
    }

    assertThat(world.column(USES))
        .containsExactlyElementsOf(
            lost == Lost.BEFORE_THE_COMMIT ? List.of("b ant") : List.of("a ant", "b ant"));
  }

  @ParameterizedTest
  @EnumSource(Lost.class)
  void a_drains_handler_forgets_what_a_commit_did_not_store(Lost lost) throws Exception {
    world.start(words);
    world.setPaused(words, true);
    world.append(world.event("a", 1, "ant"), world.event("b", 1, "bee"));
    world.setPaused(words, false);
    Drain drain = world.drains(words, 1, losingCommit(1, lost));
    try (Applier applier = new Applier()) {
      if (lost != Lost.NOT_BUT_A_RACE) {
        assertThatThrownBy(() -> drain.next(applier)).isInstanceOf(SQLException.class);
      }
      while (drain.next(applier).archived() > 0) {}
      world.setPaused(words, true);
      world.append(world.event("c", 1, "ant"));
      world.setPaused(words, false);
      drain.next(applier);
    }

    assertThat(world.column(USES)).containsExactly("a ant", "b bee", "c ant");
  }

  @ParameterizedTest
  @EnumSource(Lost.class)
  void a_replays_handler_forgets_what_a_commit_did_not_store(Lost lost) throws Exception {
    for (int i = 1; i <= 3; i++) {
      world.append(world.event("a", i, "ant"), world.event("b", i, "bee"));
    }
    Set<Boolean> wasInReplay = new HashSet<>();
    for (int commit = 9; commit <= 14; commit++) {
      register();
      RebuildSteps owner = world.owner(words, World.SMALL_STEPS, losingCommit(commit, lost));
      boolean inReplay = isRunThroughReplay(owner);
      wasInReplay.add(inReplay);
      world.runToTheEnd(words);

      assertThat(world.column(USES))
          .as("commit %d is lost", commit)
          .containsExactly("a ant", "a ant", "a ant", "b bee", "b bee", "b bee");
    }
    if (lost != Lost.NOT_BUT_A_RACE) {
      assertThat(wasInReplay).as("some of these commits were the replay's").contains(true);
    }
  }

  private void register() throws Exception {
    if (world.column("SELECT 1 FROM kintsugi_projection").isEmpty()) {
      world.register(words);
    } else {
      world.requestRebuild(words);
    }
  }

  /** Goes on with the same handlers after a loss; returns whether there was one in the replay. */
  private boolean isRunThroughReplay(RebuildSteps owner) throws Exception {
    List<Phase> lostIn = new ArrayList<>();
    try (Applier applier = new Applier()) {
      boolean goesOn = true;
      while (goesOn) {
        Phase phase = world.rebuild(words).phase();
        try {
          goesOn = owner.next(applier) instanceof RebuildStep.Done;
        } catch (SQLException lost) {
          lostIn.add(phase);
        }
      }
    }
    return lostIn.contains(Phase.REPLAY);
  }

  @Test
  void a_replays_handler_forgets_when_another_owner_has_gone_on() throws Exception {
    List<String> diary = new ArrayList<>();
    TestProjection noted =
        new TestProjection("noted")
            .handledBy("CREATE TABLE noted (n INT)", () -> new DiaryHandler(diary));
    for (int i = 1; i <= 3; i++) {
      world.append(world.event("a", i), world.event("b", i));
    }
    world.register(noted);
    RebuildSteps one = world.owner(noted);
    RebuildSteps other = world.owner(noted);
    try (Applier ones = new Applier();
        Applier others = new Applier()) {
      while (diary.size() < 2) {
        one.next(ones);
      }
      while (diary.size() < 5) {
        other.next(others);
      }
      while (world.rebuild(noted).phase() == Phase.REPLAY) {
        one.next(ones);
      }
    }

    assertThat(diary)
        .as("each handler saw events without a hole between them")
        .containsExactly("1 a/1", "1 b/1", "new", "2 a/2", "2 b/2", "new", "3 a/3", "3 b/3");
  }

  /** Notes which of them was given an event. */
  private static final class DiaryHandler extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private final List<String> diary;
    private final int number;

    DiaryHandler(List<String> diary) {
      this.diary = diary;
      this.number =
          diary.isEmpty() ? 1 : 1 + Integer.parseInt(diary.get(diary.size() - 1).substring(0, 1));
      if (number > 1) {
        diary.add("new");
      }
    }

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) {
      diary.add(number + " " + envelope.event());
    }
  }

  @Test
  void what_was_undone_by_a_savepoint_is_forgotten() throws Exception {
    world.start(words.onFailure(FailurePolicy.skip()));
    failing.set(true);
    for (int i = 1; i <= 6; i++) {
      world.append(
          world.event("a", i, "word " + i),
          world.event("p" + i, 1, "poison"),
          world.event("b", i, "word " + i));
    }
    failing.set(false);
    world.append(world.event("c", 1, "poison"));

    assertThat(world.column(USES))
        .doesNotContain("c ?")
        .contains("c poison")
        .filteredOn(use -> use.startsWith("b"))
        .containsExactly("b word 1", "b word 2", "b word 3", "b word 4", "b word 5", "b word 6");
  }

  @Test
  void an_application_that_rolls_back_leaves_no_memory() throws Exception {
    world.start(words);
    try (Connection connection = world.database().connection()) {
      world.eventWriter().append(connection, "a", 0, List.of("ant"));
      connection.rollback();
      world.eventWriter().append(connection, "b", 0, List.of("ant"));
      connection.commit();
    }

    assertThat(world.column(USES)).containsExactly("b ant");
  }
}
