package dev.kintsugi.examples.bench.cluster.many;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processor time that each of PostgreSQL's processes has taken.
 *
 * @param processes by pid; empty if they are on another machine
 */
record ServerTime(Optional<Map<Long, Duration>> processes) {

  /** Now. */
  static ServerTime of(Optional<ProcessHandle> server) {
    return new ServerTime(
        server.map(
            parent ->
                Stream.concat(Stream.of(parent), parent.descendants())
                    .collect(
                        Collectors.toMap(
                            ProcessHandle::pid,
                            process -> process.info().totalCpuDuration().orElse(Duration.ZERO)))));
  }

  /** What all of them took since then. What one took that has ended meanwhile is missing. */
  Optional<Duration> since(ServerTime before) {
    if (processes.isEmpty() || before.processes().isEmpty()) {
      return Optional.empty();
    }
    Map<Long, Duration> until = before.processes().get();
    return Optional.of(
        processes.get().entrySet().stream()
            .map(
                process ->
                    process.getValue().minus(until.getOrDefault(process.getKey(), Duration.ZERO)))
            .reduce(Duration.ZERO, Duration::plus));
  }
}
