package dev.kintsugi.management;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-sent events of the list of projections. However many look, the list is read once a second
 * at the most, and for no more than a tenth of the time.
 */
final class StatusEvents {

  private static final Logger log = LoggerFactory.getLogger(StatusEvents.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** So that whoever looks, and what is in between, knows that the stream lives. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  private static final int REST = 10;

  private final Supplier<CompletionStage<JsonViews.Projections>> read;
  private @Nullable CompletionStage<Optional<JsonViews.Projections>> last;
  private long nextAt;

  StatusEvents(Supplier<CompletionStage<JsonViews.Projections>> read) {
    this.read = read;
  }

  HttpResponse stream() {
    Source<ByteString, NotUsed> events =
        Source.tick(Duration.ZERO, INTERVAL, NotUsed.getInstance())
            .mapMaterializedValue(tick -> NotUsed.getInstance())
            .mapAsync(1, tick -> current())
            .statefulMapConcat(OnlyChanges::new)
            .map(StatusEvents::event)
            .keepAlive(HEARTBEAT, () -> ByteString.fromString(":\n\n"));
    return HttpResponse.create()
        .withEntity(HttpEntities.create(MediaTypes.TEXT_EVENT_STREAM.toContentType(), events))
        .addHeader(RawHeader.create("Cache-Control", "no-store"))
        .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"));
  }

  private static ByteString event(JsonViews.Projections all) {
    return ByteString.fromString("event: projections\ndata: " + JsonWriting.text(all) + "\n\n");
  }

  /** Lets through what differs from the one before in more than its time. */
  private static final class OnlyChanges
      implements Function<Optional<JsonViews.Projections>, Iterable<JsonViews.Projections>> {
    private static final long serialVersionUID = 1L;

    private transient JsonViews.@Nullable Projections before;

    @Override
    public Iterable<JsonViews.Projections> apply(Optional<JsonViews.Projections> found) {
      if (found.isEmpty()) {
        return List.of();
      }
      JsonViews.Projections now = found.get();
      boolean isNews =
          before == null
              || !now.projections().equals(before.projections())
              || !now.rates().equals(before.rates());
      before = now;
      return isNews ? List.of(now) : List.of();
    }
  }

  /** The list as it was read of late, or is being read; empty if it can't be read just now. */
  private synchronized CompletionStage<Optional<JsonViews.Projections>> current() {
    long now = System.nanoTime();
    CompletionStage<Optional<JsonViews.Projections>> known = last;
    if (known != null && nextAt - now > 0) {
      return known;
    }
    nextAt = Long.MAX_VALUE / 2 + now;
    CompletionStage<Optional<JsonViews.Projections>> reading =
        read.get()
            .handle(
                (all, error) -> {
                  readOnceMoreAfter(System.nanoTime() - now);
                  if (error != null) {
                    log.warn("The list of projections can't be read for those who look", error);
                  }
                  return Optional.ofNullable(all);
                });
    last = reading;
    return reading;
  }

  private synchronized void readOnceMoreAfter(long took) {
    nextAt = System.nanoTime() + Math.max(INTERVAL.toNanos() * 9 / 10, REST * took);
  }
}
