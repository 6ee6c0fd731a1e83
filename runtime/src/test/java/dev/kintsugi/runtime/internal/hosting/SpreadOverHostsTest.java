package dev.kintsugi.runtime.internal.hosting;

import static dev.kintsugi.runtime.testing.TestCluster.nameOf;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.testing.TestCluster;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

class SpreadOverHostsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final IndexedSeq<String> NONE =
      CollectionConverters.asScala(List.<String>of()).toIndexedSeq();

  private final World world = new World();
  private final TestCluster cluster = new TestCluster(world);
  private final List<TestProjection> projections =
      IntStream.range(0, 6).mapToObj(i -> new TestProjection("p" + i)).toList();

  @AfterEach
  void close() {
    cluster.close();
    world.close();
  }

  private TestSystem join() {
    TestSystem node = cluster.join("");
    projections.forEach(projection -> node.kintsugi().start(projection.definition()));
    return node;
  }

  /** A region on a node, as another one sees it. */
  private static ActorRef region(TestSystem node, TestSystem seenFrom) {
    return ((ExtendedActorSystem) seenFrom.system())
        .provider()
        .resolveActorRef(nameOf(node) + "/system/region");
  }

  /** How many nodes have a projection, as one of them knows. */
  private static int nodesHaving(TestProjection projection, TestSystem node) throws Exception {
    ActorSystem<Void> system = Adapter.toTyped(node.system());
    ServiceKey<HostActor.Command> key = HostActor.having(id(projection));
    return get(AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
            system.receptionist(),
            replyTo -> Receptionist.find(key, replyTo),
            PATIENCE,
            system.scheduler()))
        .getServiceInstances(key)
        .size();
  }

  private static String id(TestProjection projection) {
    return new HostedProjection(projection.name(), 1).toString();
  }

  @Test
  void those_that_are_placed_at_the_same_time_are_spread_over_the_nodes() throws Exception {
    TestSystem one = join();
    TestSystem two = join();
    for (TestProjection projection : projections) {
      eventually(() -> assertThat(nodesHaving(projection, one)).isEqualTo(2));
    }
    Map<ActorRef, IndexedSeq<String>> regions =
        Map.of(region(one, one), NONE, region(two, one), NONE);

    // As the coordinator does it: it asks for one after the other, and has no answer yet.
    SpreadOverHosts spread = new SpreadOverHosts(Adapter.toTyped(one.system()), PATIENCE);
    List<Future<ActorRef>> answers = new ArrayList<>();
    for (TestProjection projection : projections) {
      answers.add(spread.allocateShard(ActorRef.noSender(), id(projection), regions));
    }

    List<ActorRef> placed = new ArrayList<>();
    for (Future<ActorRef> answer : answers) {
      placed.add(get(FutureConverters.asJava(answer)));
    }
    assertThat(Collections.frequency(placed, region(one, one))).isEqualTo(3);
    assertThat(Collections.frequency(placed, region(two, one))).isEqualTo(3);
  }

  @Test
  void one_that_is_asked_for_again_before_there_is_an_answer_is_not_looked_for_twice() {
    TestSystem one = join();
    Map<ActorRef, IndexedSeq<String>> regions = Map.of(region(one, one), NONE);
    SpreadOverHosts spread = new SpreadOverHosts(Adapter.toTyped(one.system()), PATIENCE);

    // Nobody has it, so there is an answer only after several looks.
    CompletionStage<ActorRef> first =
        FutureConverters.asJava(spread.allocateShard(ActorRef.noSender(), "unknown-1", regions));
    CompletionStage<ActorRef> second =
        FutureConverters.asJava(spread.allocateShard(ActorRef.noSender(), "unknown-1", regions));

    Throwable error = catchThrowable(() -> get(first));
    assertThat(error).hasMessage("no node is known to have projection unknown-1");
    assertThat(catchThrowable(() -> get(second))).isSameAs(error);
  }
}
