package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventSeq;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.apache.pekko.serialization.jackson.JacksonMigration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Events that were stored by an older build: a rebuild sees them as a persistent actor that
 * recovers does, by Jackson's migrations first and then by the event adapters.
 */
class SchemaEvolutionTest {

  /** An event of version 2; version 1 called the owner "user". */
  public record Opened(String owner) {}

  /** From version 1 to 2. */
  public static final class Migration extends JacksonMigration {
    @Override
    public int currentVersion() {
      return 2;
    }

    @Override
    public JsonNode transform(int fromVersion, JsonNode json) {
      if (fromVersion < 2) {
        ((ObjectNode) json).set("owner", json.get("user"));
        ((ObjectNode) json).remove("user");
      }
      return json;
    }
  }

  /** Owners are written in capitals nowadays. */
  public static final class Capitals implements EventAdapter {
    @Override
    public String manifest(Object event) {
      return "";
    }

    @Override
    public Object toJournal(Object event) {
      return event;
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      return EventSeq.single(new Opened(((Opened) event).owner().toUpperCase(Locale.ROOT)));
    }
  }

  private static final String SETTINGS =
      """
      pekko.actor.serialization-bindings."%1$s" = jackson-json
      pekko.serialization.jackson.migrations."%1$s" = "%2$s"
      kintsugi.journal {
        event-adapters.capitals = "%3$s"
        event-adapter-bindings."%1$s" = capitals
      }
      """
          .formatted(Opened.class.getName(), Migration.class.getName(), Capitals.class.getName());

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, SETTINGS);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private static final Projection<Opened> OWNERS =
      Projection.named("owners")
          .of(Opened.class)
          .entityTypes("Account")
          .tables(Tables.sql("CREATE TABLE owners (n BIGSERIAL, owner TEXT)"))
          .handler(() -> JdbcHandler.fromFunction(SchemaEvolutionTest::insert))
          .build();

  private static void insert(JdbcSession session, EventEnvelope<Opened> envelope) {
    try {
      session.withConnection(
          connection -> {
            try (var insert =
                connection.prepareStatement("INSERT INTO owners (owner) VALUES (?)")) {
              insert.setString(1, envelope.event().owner());
              return insert.executeUpdate();
            }
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private record Ask(ActorRef<List<String>> replyTo) {}

  /** An actor that tells the owners that its events name. */
  private static final class Account extends EventSourcedBehavior<Object, Opened, List<String>> {
    Account(String id) {
      super(PersistenceId.of("Account", id));
    }

    @Override
    public List<String> emptyState() {
      return List.of();
    }

    @Override
    public CommandHandler<Object, Opened, List<String>> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(Ask.class, (state, ask) -> Effect().reply(ask.replyTo(), state))
          .onCommand(Opened.class, Effect()::persist)
          .build();
    }

    @Override
    public EventHandler<List<String>, Opened> eventHandler() {
      return newEventHandlerBuilder()
          .forAnyState()
          .onAnyEvent(
              (state, event) -> {
                List<String> owners = new ArrayList<>(state);
                owners.add(event.owner());
                return List.copyOf(owners);
              });
    }
  }

  private static Behavior<Object> account(String id) {
    return new Account(id);
  }

  private List<String> recovered() throws Exception {
    ActorRef<Object> actor = node.spawn(account("1"));
    return get(
        AskPattern.<Object, List<String>>ask(
            actor, Ask::new, TestSystem.PATIENCE, Adapter.toTyped(node.system()).scheduler()));
  }

  private List<String> projected() throws Exception {
    return world.column("SELECT owner FROM owners ORDER BY n");
  }

  /** Turns the stored event into what version 1 stored. */
  private void storedByVersionOne() throws Exception {
    world.execute(
        """
        UPDATE event_journal SET event_payload = convert_to('{"user":"ann"}', 'UTF8'),
          event_ser_manifest = split_part(event_ser_manifest, '#', 1)
        """);
  }

  @Test
  void a_rebuild_sees_what_a_recovering_actor_sees() throws Exception {
    node.kintsugi().start(OWNERS);
    get(node.kintsugi().whenDone("owners"));
    ActorRef<Object> writer = node.spawn(account("1"));
    writer.tell(new Opened("ann"));
    TestSystem.eventually(() -> assertThat(projected()).as("inline").containsExactly("ANN"));
    storedByVersionOne();
    assertThat(recovered()).containsExactly("ANN");

    get(get(node.kintsugi().rebuild("owners", "test")).done());

    assertThat(projected()).containsExactly("ANN");
  }
}
