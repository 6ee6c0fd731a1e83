package dev.kintsugi.runtime.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;

/**
 * The architecture: which package knows which, from the bottom up. An arrow that is not here does
 * not exist, and one that is here does. Whoever draws one, says so here first.
 */
@AnalyzeClasses(
    packages = {"dev.kintsugi.runtime", "dev.kintsugi.projections"},
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String RUNTIME = "dev.kintsugi.runtime";
  private static final String PROJECTIONS = "dev.kintsugi.projections";

  // What application authors write against. It knows nothing of the runtime.

  @ArchTest
  static final ArchRule projections_know_nothing_of_the_runtime =
      noClasses()
          .that()
          .resideInAPackage(PROJECTIONS + "..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(RUNTIME + "..");

  /** A definition, and its kind. */
  @ArchTest
  static final ArchRule projections =
      kintsugi("projections")
          .knows(
              "projections.fold",
              "projections.rows",
              "projections.internal.access",
              "projections.internal.definition");

  @ArchTest
  static final ArchRule fold =
      kintsugi("projections.fold")
          .knows(
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.bulk",
              "projections.internal.text");

  @ArchTest
  static final ArchRule rows =
      kintsugi("projections.rows")
          .knows(
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.bulk",
              "projections.internal.text");

  /** The door in the wall: public types open it, and it names them. */
  @ArchTest
  static final ArchRule access =
      kintsugi("projections.internal.access")
          .knows(
              "projections",
              "projections.fold",
              "projections.rows",
              "projections.internal.definition",
              "projections.internal.bulk");

  /** What the runtime sees of a definition. */
  @ArchTest
  static final ArchRule definition =
      kintsugi("projections.internal.definition").knows("projections.internal.bulk");

  /** What is gathered in memory and written as sets. */
  @ArchTest
  static final ArchRule bulk =
      kintsugi("projections.internal.bulk").knows("projections.internal.text");

  /** What a text may be on its way to the database. */
  @ArchTest static final ArchRule text_knows_none = kintsugi("projections.internal.text").knows();

  // What applications see: values and errors at the bottom, and what reads them far above.

  /** Skip records as an operator sees them. */
  @ArchTest static final ArchRule skip = kintsugi("skip").knows("projections.internal.text");

  /** What is known of a projection. */
  @ArchTest static final ArchRule status = kintsugi("status").knows("skip");

  /** What a verification found. */
  @ArchTest static final ArchRule verification = kintsugi("verify").knows();

  /** What comes of a change that somebody asks for. */
  @ArchTest
  static final ArchRule answers = kintsugi("operations").knows("skip", "status", "verify");

  /** What persistent actors and plain JDBC code meet when they write. */
  @ArchTest
  static final ArchRule persistence =
      kintsugi("persistence").knows("skip", "projections.internal.text");

  /** Names of meters. */
  @ArchTest static final ArchRule metrics_know_none = kintsugi("metrics").knows();

  // The ground: rows of one kind each, on a connection that somebody else owns.

  /** Connections, transactions, SQLSTATEs. */
  @ArchTest static final ArchRule jdbc = kintsugi("internal.jdbc").knows("persistence");

  /** The way into an application's registry. */
  @ArchTest static final ArchRule meters = kintsugi("internal.metrics").knows("metrics");

  /** How an application hands over its DataSource. */
  @ArchTest static final ArchRule datasource_knows_none = kintsugi("datasource").knows();

  /**
   * The journal's tables, and events in their three forms: Pekko's, a row, what projections see.
   */
  @ArchTest
  static final ArchRule event =
      kintsugi("internal.event")
          .knows("internal.jdbc", "persistence", "skip", "status", "projections.internal.text");

  /** Open transactions that hold locks, by name. */
  @ArchTest static final ArchRule locks = kintsugi("internal.locks").knows("status");

  /** Generations, their subscriptions, rebuilds, fences: what is so. */
  @ArchTest
  static final ArchRule state =
      kintsugi("internal.state").knows("internal.locks", "internal.jdbc", "status", "projections");

  /** Up to where a table is final, as locks prove. */
  @ArchTest
  static final ArchRule finality =
      kintsugi("internal.finality")
          .knows("internal.locks", "internal.event", "persistence", "status");

  /** Skip records: what is not applied yet. */
  @ArchTest
  static final ArchRule skip_records =
      kintsugi("internal.skip").knows("internal.jdbc", "skip", "status");

  /** Kintsugi's tables, the projections', and how the journal's are laid out. */
  @ArchTest
  static final ArchRule schema =
      kintsugi("internal.schema")
          .knows(
              "internal.event",
              "internal.jdbc",
              "persistence",
              "status",
              "projections",
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.bulk");

  // One event, one handler; and one append, which is all of them.

  /** How a handler is called, and whose fault a failure is. */
  @ArchTest
  static final ArchRule handler =
      kintsugi("internal.handler")
          .knows(
              "internal.event",
              "internal.jdbc",
              "status",
              "projections",
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.bulk",
              "projections.internal.text");

  /** The writer's protocol (DESIGN 5), in one place. */
  @ArchTest
  static final ArchRule writer =
      kintsugi("internal.writer")
          .knows(
              "internal.handler",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "persistence",
              "skip",
              "status",
              "projections",
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.text");

  // What a node has, and the journal plugin on it.

  /** A node's connections, registry, writer and threads. */
  @ArchTest
  static final ArchRule node =
      kintsugi("internal.node")
          .knows(
              "internal.writer",
              "internal.handler",
              "internal.schema",
              "internal.event",
              "internal.jdbc",
              "internal.metrics",
              "datasource",
              "persistence",
              "skip",
              "status",
              "metrics");

  /** The journal plugin: lanes of appends. Of projections it knows nothing: the writer does. */
  @ArchTest
  static final ArchRule journal =
      kintsugi("internal.journal")
          .knows(
              "internal.node",
              "internal.writer",
              "internal.event",
              "internal.jdbc",
              "internal.metrics",
              "persistence",
              "metrics");

  /** The snapshot store. It shares a node's connections with the journal, and nothing else. */
  @ArchTest
  static final ArchRule snapshot =
      kintsugi("internal.snapshot")
          .knows("internal.node", "internal.schema", "internal.event", "internal.jdbc");

  /** Queries of what is final. */
  @ArchTest
  static final ArchRule queries =
      kintsugi("internal.query")
          .knows(
              "internal.finality",
              "internal.node",
              "internal.event",
              "internal.jdbc",
              "persistence",
              "status");

  /** The read journal. */
  @ArchTest
  static final ArchRule read_journal =
      kintsugi("query").knows("internal.query", "internal.node", "internal.event");

  /** Changes of durable states are read as the journal is. */
  @ArchTest
  static final ArchRule states =
      kintsugi("internal.durable")
          .knows("internal.query", "internal.schema", "internal.event", "internal.jdbc");

  /** The durable state store, on the same connections. */
  @ArchTest
  static final ArchRule durable =
      kintsugi("durable")
          .knows(
              "internal.durable",
              "internal.query",
              "internal.node",
              "internal.schema",
              "internal.event",
              "internal.jdbc",
              "persistence");

  // Mending and rebuilding: what rows decide, and the actors that decide when.

  /** Drains skip records (DESIGN 8). */
  @ArchTest
  static final ArchRule recovery =
      kintsugi("internal.recovery")
          .knows(
              "internal.node",
              "internal.handler",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "skip",
              "status",
              "projections");

  /** Projections that follow the journal (DESIGN 7a), up to what queries prove final. */
  @ArchTest
  static final ArchRule follow =
      kintsugi("internal.follow")
          .knows(
              "internal.query",
              "internal.node",
              "internal.handler",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "skip",
              "status",
              "projections");

  /** The rebuild in place (DESIGN 6), which drains as recovery does. */
  @ArchTest
  static final ArchRule rebuild =
      kintsugi("internal.rebuild")
          .knows(
              "internal.compare",
              "internal.metrics",
              "internal.recovery",
              "internal.node",
              "internal.handler",
              "internal.schema",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "metrics",
              "persistence",
              "skip",
              "status",
              "projections",
              "projections.internal.access",
              "projections.internal.definition",
              "projections.internal.text");

  /** The end of a projection: its row, its records, its tables. */
  @ArchTest
  static final ArchRule retirement =
      kintsugi("internal.retirement")
          .knows(
              "internal.node",
              "internal.handler",
              "internal.schema",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "internal.metrics",
              "metrics",
              "operations",
              "status",
              "projections.internal.text");

  /** Holds a read model against its journal (invariant 5 of DESIGN 10). */
  @ArchTest
  static final ArchRule verifications =
      kintsugi("internal.verify")
          .knows(
              "internal.handler",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "operations",
              "status",
              "verify",
              "projections",
              "projections.internal.text");

  /** How two generations differ, before the newer one serves. */
  @ArchTest static final ArchRule compare = kintsugi("internal.compare").knows("status");

  /** Keeps the tables of skip records, and of verifications, small, and carries out deletions. */
  @ArchTest
  static final ArchRule housekeeping =
      kintsugi("internal.housekeeping").knows("internal.node", "internal.event", "internal.jdbc");

  /** A projection's actor (DESIGN 9): runs what its row asks for. */
  @ArchTest
  static final ArchRule supervisor =
      kintsugi("internal.supervisor")
          .knows(
              "internal.follow",
              "internal.handler",
              "internal.rebuild",
              "internal.recovery",
              "internal.node",
              "internal.schema",
              "internal.skip",
              "internal.state",
              "status",
              "projections");

  /** Where supervisors live. */
  @ArchTest
  static final ArchRule hosting =
      kintsugi("internal.hosting")
          .knows(
              "internal.supervisor",
              "internal.node",
              "internal.handler",
              "internal.schema",
              "status",
              "projections");

  /** How a projection is started, and what people do about it and its skip records (DESIGN 8). */
  @ArchTest
  static final ArchRule operations =
      kintsugi("internal.operations")
          .knows(
              "internal.metrics",
              "internal.handler",
              "internal.hosting",
              "internal.follow",
              "internal.rebuild",
              "internal.retirement",
              "internal.node",
              "internal.schema",
              "internal.event",
              "internal.skip",
              "internal.state",
              "internal.jdbc",
              "metrics",
              "operations",
              "persistence",
              "skip",
              "status",
              "projections",
              "projections.internal.text");

  /** Who waits for read models (DESIGN 7a). */
  @ArchTest
  static final ArchRule awaiting =
      kintsugi("internal.awaiting")
          .knows("internal.node", "internal.jdbc", "operations", "skip", "status");

  /** What an application calls. */
  @ArchTest
  static final ArchRule entry_point =
      kintsugi("")
          .knows(
              "internal.compare",
              "internal.metrics",
              "internal.handler",
              "internal.awaiting",
              "internal.operations",
              "internal.hosting",
              "internal.housekeeping",
              "internal.rebuild",
              "internal.retirement",
              "internal.verify",
              "internal.node",
              "internal.schema",
              "internal.state",
              "internal.jdbc",
              "operations",
              "persistence",
              "skip",
              "status",
              "verify",
              "projections");

  @ArchTest
  static final ArchRule there_are_no_circles_but_through_the_door =
      slices()
          .matching("dev.kintsugi.(**)")
          .should()
          .beFreeOfCycles()
          .ignoreDependency(
              resideInAPackage(PROJECTIONS + ".internal.access"),
              resideInAPackage(PROJECTIONS + ".."));

  // Actors, and threads.

  /** All that talks SQL by a connection can be called, and tested, with no actor there. */
  @ArchTest
  static final ArchRule actors_are_where_it_is_decided_when =
      noClasses()
          .that(
              resideInAPackage("dev.kintsugi..")
                  .and(
                      DescribedPredicate.not(
                          resideInAnyPackage(
                              packages(
                                  "",
                                  "query",
                                  "durable",
                                  "datasource",
                                  "internal.journal",
                                  "internal.snapshot",
                                  "internal.query",
                                  "internal.durable",
                                  "internal.node",
                                  "internal.recovery",
                                  "internal.follow",
                                  "internal.rebuild",
                                  "internal.retirement",
                                  "internal.housekeeping",
                                  "internal.supervisor",
                                  "internal.hosting",
                                  "internal.operations",
                                  "internal.awaiting",
                                  "internal.event")))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko.actor..");

  /**
   * Of recovery, rebuild, retirement, housekeeping and following, only their actors are actors; and
   * what starts the one that a node's followers share.
   */
  @ArchTest
  static final ArchRule what_an_actor_does_is_in_plain_classes =
      noClasses()
          .that(
              resideInAnyPackage(
                      packages(
                          "internal.recovery",
                          "internal.rebuild",
                          "internal.follow",
                          "internal.retirement",
                          "internal.housekeeping"))
                  .and(describe("are no part of an actor", c -> !isPartOfAnActor(c)))
                  .and(
                      describe(
                          "do not start the shared one",
                          c -> !c.getSimpleName().equals("SharedJournal"))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko.actor..");

  /** Events need Pekko for its serialization and event adapters; they start nothing. */
  @ArchTest
  static final ArchRule events_know_no_typed_actors =
      noClasses()
          .that()
          .resideInAPackage(RUNTIME + ".internal.event")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko.actor.typed..");

  @ArchTest static final ArchRule nobody_uses_the_common_pool = Arrows.nobodyUsesTheCommonPool();

  // How it reads.

  private static Area kintsugi(String name) {
    return new Area(nameOf(name));
  }

  private static String nameOf(String area) {
    if (area.startsWith("projections")) {
      return "dev.kintsugi." + area;
    }
    return area.isEmpty() ? RUNTIME : RUNTIME + "." + area;
  }

  private static String[] packages(String... areas) {
    return Arrays.stream(areas).map(ArchitectureTest::nameOf).toArray(String[]::new);
  }

  private static boolean isPartOfAnActor(JavaClass javaClass) {
    return javaClass
        .getEnclosingClass()
        .map(ArchitectureTest::isPartOfAnActor)
        .orElseGet(() -> javaClass.getSimpleName().endsWith("Actor"));
  }

  private record Area(String name) {
    ArchRule knows(String... others) {
      return Arrows.from(name, packages(others));
    }
  }
}
