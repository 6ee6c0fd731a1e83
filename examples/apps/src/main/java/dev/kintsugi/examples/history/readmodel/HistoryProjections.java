package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * The example's projections, each with one table of the same name, and each of another kind: a
 * handler, rows and a fold.
 */
public final class HistoryProjections {

  public static final String FILES = "files";
  public static final String DIRECTORIES = "directories";
  public static final String AUTHORS = "authors";

  /** In the order in which they are shown. */
  public static final List<String> NAMES = List.of(FILES, DIRECTORIES, AUTHORS);

  private HistoryProjections() {}

  /** The definitions, in the order of {@link #NAMES}. */
  public static List<Projection<FileEvent>> all() {
    return all(event -> {}, name -> FailurePolicy.reject());
  }

  /**
   * The same, watched.
   *
   * @param witness is shown each event when it is to be applied, and by {@link #FILES} once more
   *     when its statement was done; what it throws is the handler's failure
   * @param onFailure what each of them does about that, by its name
   */
  public static List<Projection<FileEvent>> all(
      Consumer<EventEnvelope<FileEvent>> witness, Function<String, FailurePolicy> onFailure) {
    return List.of(
        Projection.named(FILES)
            .of(FileEvent.class)
            .tables("files.sql")
            .handler(() -> new FilesHandler(witness))
            .onFailure(onFailure.apply(FILES))
            .build(),
        Projection.named(DIRECTORIES)
            .of(FileEvent.class)
            .rows(
                List.of(Directories.TABLE),
                (envelope, rows) -> {
                  witness.accept(envelope);
                  Directories.count(envelope, rows);
                })
            .onFailure(onFailure.apply(DIRECTORIES))
            .build(),
        Projection.named(AUTHORS)
            .of(FileEvent.class)
            .fold(
                Author.class,
                fold ->
                    fold.key(envelope -> envelope.event().author())
                        .evolve(
                            (author, envelope) -> {
                              witness.accept(envelope);
                              return Optional.of(
                                  author
                                      .map(known -> known.and(envelope.event()))
                                      .orElseGet(() -> Author.first(envelope.event())));
                            })
                        .column("changes", "bigint", Author::changes)
                        .column("first_change_at", "timestamptz", Author::firstChange)
                        .column("last_change_at", "timestamptz", Author::lastChange)
                        .index("changes"))
            .onFailure(onFailure.apply(AUTHORS))
            .build());
  }
}
