package dev.kintsugi.runtime.internal.hosting;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * Spreads supervisors evenly over the nodes, each on a node that has its projection in its version
 * ({@link Placement}): Pekko's own strategies take all nodes for equal, which they are not while an
 * application is upgraded. Which nodes have what, their {@link HostActor}s tell the receptionist.
 */
final class SpreadOverHosts extends ShardCoordinator.AbstractShardAllocationStrategy {

  private static final int LOOKS = 10;
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final Duration answerTimeout;

  /** Those that are being placed: each region asks again, every other second, until one is. */
  private final Map<String, CompletableFuture<ActorRef>> underWay = new ConcurrentHashMap<>();

  /** Where those were placed lately that the coordinator may not have there yet. */
  private final Map<String, String> placed = new HashMap<>();

  SpreadOverHosts(ActorSystem<?> system, Duration answerTimeout) {
    this.system = system;
    this.cluster = Cluster.get(system);
    this.answerTimeout = answerTimeout;
  }

  /** No node is known to have it, perhaps as none has: whoever asked asks again. */
  private static final class NoHostException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    NoHostException(String id, @Nullable Throwable error) {
      super(
          "no node is known to have projection " + id + (error == null ? "" : ", as of " + error));
    }

    /** It is logged with each question, and where it comes from says nothing. */
    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String id, Map<ActorRef, IndexedSeq<String>> regions) {
    CompletableFuture<ActorRef> mine = new CompletableFuture<>();
    CompletableFuture<ActorRef> others = underWay.putIfAbsent(id, mine);
    if (others != null) {
      return FutureConverters.asScala(others);
    }
    forgetWhenPlaced(id, mine);
    place(id, regions, LOOKS, mine);
    return FutureConverters.asScala(mine);
  }

  private void forgetWhenPlaced(String id, CompletionStage<ActorRef> placed) {
    placed.whenComplete((region, error) -> underWay.remove(id, placed));
  }

  /** Looks a few times: that a node has it may not have come here yet, or the answer is late. */
  private void place(
      String id,
      Map<ActorRef, IndexedSeq<String>> regions,
      int looks,
      CompletableFuture<ActorRef> result) {
    having(List.of(id))
        .whenComplete(
            (having, error) -> {
              Optional<String> node =
                  error == null ? choose(id, hosted(regions), having) : Optional.empty();
              if (node.isPresent()) {
                regions.keySet().stream()
                    .filter(region -> nodeOf(region).equals(node.get()))
                    .forEach(result::complete);
              } else if (looks > 1) {
                system
                    .scheduler()
                    .scheduleOnce(
                        BETWEEN_LOOKS,
                        () -> place(id, regions, looks - 1, result),
                        system.executionContext());
              } else {
                result.completeExceptionally(new NoHostException(id, error));
              }
            });
  }

  /**
   * The coordinator asks for the next one before it has the answer for the last: what it knows to
   * be hosted lacks those. At a start that is all of them, and one node would get them all.
   */
  private synchronized Optional<String> choose(
      String id, Map<String, List<String>> known, Map<String, Set<String>> having) {
    Set<String> isKnown =
        known.values().stream().flatMap(List::stream).collect(Collectors.toUnmodifiableSet());
    Map<String, List<String>> hosted = new HashMap<>();
    known.forEach((node, ids) -> hosted.put(node, new ArrayList<>(ids)));
    placed.forEach(
        (other, node) -> {
          List<String> there = hosted.get(node);
          if (there != null && !other.equals(id) && !isKnown.contains(other)) {
            there.add(other);
          }
        });
    Optional<String> chosen = new Placement(hosted, having).place(id);
    chosen.ifPresent(node -> placed.put(id, node));
    return chosen;
  }

  /** By now the coordinator knows where they are, or they are not there. */
  private synchronized void forgetPlaced() {
    placed.clear();
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> regions, Set<String> inProgress) {
    forgetPlaced();
    // What a node hosts that can't be reached is moved when it was taken for down and removed, and
    // Pekko's down-removal-margin after that. Handing it over before would wait for the node, and
    // keep it from being hosted elsewhere.
    if (!inProgress.isEmpty()
        || !cluster.state().getUnreachable().isEmpty()
        || !areMembers(regions.keySet())) {
      return FutureConverters.asScala(CompletableFuture.completedStage(Set.of()));
    }
    Map<String, List<String>> hosted = hosted(regions);
    List<String> all = hosted.values().stream().flatMap(List::stream).toList();
    return FutureConverters.asScala(
        having(all).thenApply(having -> new Placement(hosted, having).toMove()));
  }

  private boolean areMembers(Set<ActorRef> regions) {
    Set<String> members =
        StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
            .map(member -> member.address().toString())
            .collect(Collectors.toSet());
    return regions.stream().map(this::nodeOf).allMatch(members::contains);
  }

  private Map<String, List<String>> hosted(Map<ActorRef, IndexedSeq<String>> regions) {
    Map<String, List<String>> hosted = new HashMap<>();
    regions.forEach(
        (region, ids) -> hosted.put(nodeOf(region), List.copyOf(CollectionConverters.asJava(ids))));
    return hosted;
  }

  /** The nodes that can be reached and have them, as this node's receptionist knows. */
  private CompletionStage<Map<String, Set<String>>> having(List<String> ids) {
    CompletionStage<Map<String, Set<String>>> having =
        CompletableFuture.completedStage(new HashMap<>());
    for (String id : ids) {
      having =
          having.thenCombine(
              having(id),
              (some, nodes) -> {
                some.put(id, nodes);
                return some;
              });
    }
    return having;
  }

  private CompletionStage<Set<String>> having(String id) {
    return AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
            system.receptionist(),
            replyTo -> Receptionist.find(HostActor.having(id), replyTo),
            answerTimeout,
            system.scheduler())
        .thenApply(
            listing ->
                listing.getServiceInstances(HostActor.having(id)).stream()
                    .map(host -> nodeOf(host.path().address()))
                    .collect(Collectors.toSet()));
  }

  private String nodeOf(ActorRef region) {
    return nodeOf(region.path().address());
  }

  private String nodeOf(Address address) {
    return (address.hasLocalScope() ? cluster.selfMember().address() : address).toString();
  }
}
