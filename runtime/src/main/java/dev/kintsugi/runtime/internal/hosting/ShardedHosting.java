package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.supervisor.ProjectionSupervisor;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Registrations;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.ShardingMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.pattern.Patterns;
import scala.jdk.javaapi.DurationConverters;

/**
 * Hosts projections on Cluster Sharding: one entity for each projection and version, a shard of its
 * own, on one of the nodes that have it ({@link SpreadOverHosts}). It is kept alive by these nodes
 * ({@link HostActor}); there is nothing to remember and nothing to passivate.
 */
final class ShardedHosting implements Hosting {

  private static final EntityTypeKey<ProjectionSupervisor.Command> SUPERVISORS =
      EntityTypeKey.create(ProjectionSupervisor.Command.class, "kintsugi-projection");

  /**
   * Not {@code stateStoreModeDdata()}: in Pekko 1.7.0 that is the one that writes to the journal.
   */
  private static final ClusterShardingSettings.StateStoreMode DDATA =
      ClusterShardingSettings.StateStoreModeDData$.MODULE$;

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final ProjectionSupervisor.Shared shared;
  private final HostingSettings settings;
  private final ClusterSharding sharding;
  private final ActorRef<ShardingEnvelope<ProjectionSupervisor.Command>> region;
  private final ActorRef<HostActor.Command> host;
  private final boolean canHost;
  private final Map<HostedProjection, ReadModel> readModels = new ConcurrentHashMap<>();

  ShardedHosting(ActorSystem<?> system, KintsugiNode node, HostingSettings settings) {
    this.system = system;
    this.node = node;
    this.shared = ProjectionSupervisor.Shared.start(system, node);
    this.settings = settings;
    this.sharding = ClusterSharding.get(system);
    this.canHost =
        settings.role().isEmpty() || Cluster.get(system).selfMember().hasRole(settings.role());
    this.region = sharding.init(entity());
    this.host =
        system.systemActorOf(
            HostActor.create(
                node.counters(),
                name -> node.registry().find(name).isPresent(),
                this::tell,
                settings.keepAliveInterval()),
            "kintsugi-host",
            Props.empty());
  }

  private Entity<ProjectionSupervisor.Command, ShardingEnvelope<ProjectionSupervisor.Command>>
      entity() {
    ClusterShardingSettings sharded =
        ClusterShardingSettings.create(system)
            .withRememberEntities(false)
            .withNoPassivationStrategy()
            .withStateStoreMode(DDATA);
    Entity<ProjectionSupervisor.Command, ShardingEnvelope<ProjectionSupervisor.Command>> entity =
        Entity.of(SUPERVISORS, context -> supervisor(HostedProjection.parse(context.getEntityId())))
            .withSettings(sharded)
            .withStopMessage(new ProjectionSupervisor.Stop())
            .withMessageExtractor(new ShardForEach())
            .withAllocationStrategy(new SpreadOverHosts(system, settings.answerTimeout()));
    return settings.role().isEmpty() ? entity : entity.withRole(settings.role());
  }

  /** A shard is one entity, and has its name. */
  private static final class ShardForEach
      extends ShardingMessageExtractor<
          ShardingEnvelope<ProjectionSupervisor.Command>, ProjectionSupervisor.Command> {
    @Override
    public String entityId(ShardingEnvelope<ProjectionSupervisor.Command> envelope) {
      return envelope.entityId();
    }

    @Override
    public String shardId(String entityId) {
      return entityId;
    }

    @Override
    public ProjectionSupervisor.Command unwrapMessage(
        ShardingEnvelope<ProjectionSupervisor.Command> envelope) {
      return envelope.message();
    }
  }

  private Behavior<ProjectionSupervisor.Command> supervisor(HostedProjection id) {
    ReadModel readModel = readModels.get(id);
    if (readModel != null) {
      return Supervisors.restarted(ProjectionSupervisor.create(node, readModel, shared));
    }
    // It was placed by what was known of a node that is no more; it is moved at the next rebalance.
    system.log().warn("Projection {} is not hosted: this node does not have it", id);
    return Behaviors.stopped();
  }

  @Override
  public void host(ReadModel readModel) {
    HostedProjection id =
        new HostedProjection(readModel.projection().name(), readModel.projection().version());
    readModels.put(id, readModel);
    if (canHost) {
      host.tell(new HostActor.Host(id));
    }
  }

  @Override
  public void wake(String projection, int version) {
    HostedProjection id = new HostedProjection(projection, version);
    listing(HostActor.having(id.toString()))
        .whenComplete(
            (nodes, error) -> {
              // Where none has it there is nobody to wake, and none to be started.
              if (error == null && !nodes.isEmpty()) {
                tell(id, new ProjectionSupervisor.Wake());
              }
            });
  }

  private void tell(HostedProjection id, ProjectionSupervisor.Message message) {
    region.tell(new ShardingEnvelope<>(id.toString(), message));
  }

  @Override
  public String self() {
    return Cluster.get(system).selfMember().address().toString();
  }

  @Override
  public CompletionStage<Map<HostedProjection, String>> locations() {
    // To the region itself: what typed sharding offers for this knows no proxies.
    return Patterns.ask(
            Adapter.toClassic(region),
            new ShardRegion.GetClusterShardingStats(
                DurationConverters.toScala(settings.answerTimeout())),
            settings.answerTimeout().multipliedBy(2))
        .thenApply(ShardRegion.ClusterShardingStats.class::cast)
        .thenApply(
            stats -> {
              Map<HostedProjection, String> locations = new HashMap<>();
              stats
                  .getRegions()
                  .forEach(
                      (address, shards) ->
                          shards
                              .getStats()
                              .keySet()
                              .forEach(
                                  id ->
                                      locations.put(
                                          HostedProjection.parse(id), address.toString())));
              return locations;
            })
        .exceptionally(
            error -> {
              // There is no coordinator just now, so nothing is hosted that this node could know
              // of.
              if (error instanceof TimeoutException
                  || error.getCause() instanceof TimeoutException) {
                return Map.of();
              }
              throw new CompletionException(error);
            });
  }

  @Override
  public CompletionStage<ClusterTotals> totals() {
    return listing(HostActor.NODES)
        .thenCompose(
            nodes ->
                nodes.stream()
                    .map(this::totalsOf)
                    .reduce(
                        CompletableFuture.completedStage(ClusterTotals.NONE),
                        (some, others) -> some.thenCombine(others, ClusterTotals::plus)));
  }

  private CompletionStage<Set<ActorRef<HostActor.Command>>> listing(
      ServiceKey<HostActor.Command> key) {
    return AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
            system.receptionist(),
            replyTo -> Receptionist.find(key, replyTo),
            settings.answerTimeout(),
            system.scheduler())
        .thenApply(listing -> listing.getServiceInstances(key));
  }

  @Override
  public CompletionStage<Registrations> registrations(String projection) {
    return listing(HostActor.NODES)
        .thenCompose(
            nodes -> {
              Set<String> unknown = new HashSet<>();
              Cluster.get(system)
                  .state()
                  .getMembers()
                  .forEach(member -> unknown.add(member.address().toString()));
              CompletionStage<Registrations> all =
                  CompletableFuture.completedStage(Registrations.NONE);
              for (ActorRef<HostActor.Command> other : nodes) {
                unknown.remove(nameOf(other));
                all = all.thenCombine(askWhether(other, projection), Registrations::plus);
              }
              return all.thenApply(known -> known.plus(new Registrations(Set.of(), unknown)));
            });
  }

  private String nameOf(ActorRef<HostActor.Command> other) {
    return other.path().address().hasGlobalScope() ? other.path().address().toString() : self();
  }

  private CompletionStage<Registrations> askWhether(
      ActorRef<HostActor.Command> other, String projection) {
    Set<String> name = Set.of(nameOf(other));
    return AskPattern.<HostActor.Command, HostActor.Registered>ask(
            other,
            replyTo -> new HostActor.IsRegistered(projection, replyTo),
            settings.answerTimeout(),
            system.scheduler())
        .thenApply(answer -> answer.isSo() ? new Registrations(name, Set.of()) : Registrations.NONE)
        .exceptionally(noAnswer -> new Registrations(Set.of(), name));
  }

  private CompletionStage<ClusterTotals> totalsOf(ActorRef<HostActor.Command> other) {
    return AskPattern.<HostActor.Command, HostActor.Totals>ask(
            other, HostActor.GetTotals::new, settings.answerTimeout(), system.scheduler())
        .thenApply(HostActor.Totals::totals)
        .exceptionally(noAnswer -> ClusterTotals.NONE);
  }
}
