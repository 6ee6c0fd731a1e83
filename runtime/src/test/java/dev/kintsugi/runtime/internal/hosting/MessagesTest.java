package dev.kintsugi.runtime.internal.hosting;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.supervisor.ProjectionSupervisor;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.NodeTotals;
import dev.kintsugi.runtime.status.ProjectionCounts;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.apache.pekko.serialization.jackson.JacksonCborSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What nodes send each other can be sent. */
class MessagesTest {

  private static final ActorSystem SYSTEM = ActorSystem.create("messages", ConfigFactory.load());

  @AfterAll
  static void close() {
    SYSTEM.terminate();
    SYSTEM.getWhenTerminated().toCompletableFuture().join();
  }

  private static Object sent(Object message) throws Exception {
    Serialization serialization = SerializationExtension.get(SYSTEM);
    var serializer = serialization.serializerFor(message.getClass());
    assertThat(serializer).as("%s", message).isInstanceOf(JacksonCborSerializer.class);
    byte[] bytes = serialization.serialize(message).get();
    return serialization
        .deserialize(bytes, serializer.identifier(), Serializers.manifestFor(serializer, message))
        .get();
  }

  private static Class<?>[] kinds(Class<?> sealed) {
    Class<?>[] permitted = sealed.getPermittedSubclasses();
    return permitted == null
        ? new Class<?>[] {sealed}
        : Arrays.stream(permitted).flatMap(kind -> Stream.of(kinds(kind))).toArray(Class<?>[]::new);
  }

  @Test
  void messages_to_supervisors() throws Exception {
    assertThat(sent(new ProjectionSupervisor.Wake())).isEqualTo(new ProjectionSupervisor.Wake());
    assertThat(sent(new ProjectionSupervisor.KeepAlive()))
        .isEqualTo(new ProjectionSupervisor.KeepAlive());
    assertThat(kinds(ProjectionSupervisor.Message.class))
        .as("there is a line for each above")
        .containsExactlyInAnyOrder(
            ProjectionSupervisor.Wake.class, ProjectionSupervisor.KeepAlive.class);
  }

  @Test
  void what_nodes_ask_each_other() throws Exception {
    TestProbe<HostActor.Totals> probe = TestProbe.create(Adapter.toTyped(SYSTEM));
    HostActor.GetTotals question = new HostActor.GetTotals(probe.ref());
    assertThat(sent(question)).isEqualTo(question);
    HostActor.Totals totals =
        new HostActor.Totals(
            new ClusterTotals(
                2,
                new NodeTotals(1, 2, Map.of(SkipReason.FAILED, 3L), 4, 5),
                Map.of("files", new ProjectionCounts(6, 7, 8, 9.5))));
    assertThat(sent(totals)).isEqualTo(totals);
    TestProbe<HostActor.Registered> answers = TestProbe.create(Adapter.toTyped(SYSTEM));
    HostActor.IsRegistered whether = new HostActor.IsRegistered("files", answers.ref());
    assertThat(sent(whether)).isEqualTo(whether);
    assertThat(sent(new HostActor.Registered(true))).isEqualTo(new HostActor.Registered(true));
    assertThat(kinds(HostActor.Message.class))
        .as("there is a line for each above")
        .containsExactlyInAnyOrder(
            HostActor.GetTotals.class,
            HostActor.Totals.class,
            HostActor.IsRegistered.class,
            HostActor.Registered.class);
  }
}
