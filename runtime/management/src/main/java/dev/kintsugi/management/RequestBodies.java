package dev.kintsugi.management;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipReason;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The bodies of changing requests. What they lack or have too much, they refuse. */
final class RequestBodies {

  private static final int LONGEST_REASON = 1000;
  private static final int LONGEST_NAME = 100;
  private static final String NOT_STORABLE = " has a NUL character in it, or half a surrogate pair";

  private RequestBodies() {}

  /** What each of them says. */
  interface Asked {
    String reason();

    @Nullable String requestedBy();
  }

  record Change(String reason, @Nullable String requestedBy) implements Asked {
    Change {
      check(reason, requestedBy);
    }
  }

  record RetireChange(
      @Nullable String tables, @Nullable Boolean force, String reason, @Nullable String requestedBy)
      implements Asked {
    RetireChange {
      check(reason, requestedBy);
      if (tables == null || !(tables.equals("drop") || tables.equals("keep"))) {
        throw new IllegalArgumentException("tables is to be \"drop\" or \"keep\"");
      }
    }

    RetireOptions options() {
      RetireOptions options =
          "drop".equals(tables) ? RetireOptions.dropTables() : RetireOptions.keepTables();
      return force != null && force ? options.forced() : options;
    }
  }

  record RenameChange(@Nullable String to, String reason, @Nullable String requestedBy)
      implements Asked {
    RenameChange {
      check(reason, requestedBy);
      if (to == null) {
        throw new IllegalArgumentException("to is missing: its name from now on");
      }
    }

    String name() {
      return to == null ? "" : to;
    }
  }

  record RebuildChange(
      @Nullable Boolean inPlace,
      @Nullable Boolean allowLowerVersion,
      String reason,
      @Nullable String requestedBy)
      implements Asked {
    RebuildChange {
      check(reason, requestedBy);
      if (inPlace != null && inPlace && allowLowerVersion != null && allowLowerVersion) {
        throw new IllegalArgumentException(
            "inPlace and allowLowerVersion can't both be true; a lower version is rebuilt as its"
                + " definition says");
      }
    }

    boolean isInPlace() {
      return inPlace != null && inPlace;
    }

    boolean allowsLowerVersion() {
      return allowLowerVersion != null && allowLowerVersion;
    }
  }

  record RateChange(Integer eventsPerSecond, String reason, @Nullable String requestedBy)
      implements Asked {
    RateChange {
      check(reason, requestedBy);
      if (eventsPerSecond == null || eventsPerSecond < 0) {
        throw new IllegalArgumentException("eventsPerSecond is to be 0, for no limit, or more");
      }
    }
  }

  record SkipsChange(
      Filter filter, @Nullable Boolean dryRun, String reason, @Nullable String requestedBy)
      implements Asked {
    SkipsChange {
      check(reason, requestedBy);
      if (filter == null) {
        throw new IllegalArgumentException("filter is missing; {} means all open skip records");
      }
    }

    boolean isDryRun() {
      return dryRun != null && dryRun;
    }
  }

  record Filter(
      @Nullable List<SkipReason> reasons,
      @Nullable Boolean parked,
      @Nullable String stream,
      @Nullable String olderThan) {

    Filter {
      if (reasons != null && reasons.stream().anyMatch(Objects::isNull)) {
        throw new IllegalArgumentException("one of the reasons is null");
      }
    }

    SkipFilter skipFilter() {
      return new SkipFilter(
          reasons == null ? Set.of() : Set.copyOf(reasons),
          Optional.ofNullable(parked),
          Optional.ofNullable(stream).map(text -> storable("stream", text)),
          Optional.ofNullable(olderThan).map(RequestBodies::duration));
    }
  }

  static Duration duration(String text) {
    try {
      Duration duration = Duration.parse(text);
      if (!duration.isNegative() && duration.toDays() <= 36500) {
        return duration;
      }
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new ProblemException(400, notADuration(text));
    }
    throw new ProblemException(400, notADuration(text));
  }

  private static String notADuration(String text) {
    return "olderThan is '%s'; it is to be an ISO 8601 duration of a century at the most, as in PT1H"
        .formatted(text);
  }

  /** A text that PostgreSQL can store, as it is. */
  static String storable(String what, String text) {
    if (!StorableText.isStorable(text)) {
      throw new ProblemException(400, what + NOT_STORABLE);
    }
    return text;
  }

  static void check(@Nullable String reason, @Nullable String requestedBy) {
    refuse("reason", reason, LONGEST_REASON);
    if (requestedBy != null) {
      refuse("requestedBy", requestedBy, LONGEST_NAME);
    }
  }

  private static void refuse(String name, @Nullable String text, int longest) {
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException(name + " is missing; say it in a few words, it is kept");
    }
    if (text.length() > longest) {
      throw new IllegalArgumentException(
          "%s has %d characters; %d are the most".formatted(name, text.length(), longest));
    }
    if (!StorableText.isStorable(text)) {
      throw new IllegalArgumentException(name + NOT_STORABLE);
    }
  }
}
