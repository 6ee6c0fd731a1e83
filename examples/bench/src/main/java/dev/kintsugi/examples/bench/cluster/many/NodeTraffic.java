package dev.kintsugi.examples.bench.cluster.many;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What nodes sent each other, as Linux counts it. */
final class NodeTraffic {

  private static final Pattern SENT = Pattern.compile("bytes_sent:(\\d+)");

  private NodeTraffic() {}

  /**
   * Bytes that were sent on the connections to these ports, which are open now; empty where there
   * is no {@code ss} to ask.
   */
  static OptionalLong sentTo(List<Integer> ports) throws InterruptedException {
    String filter =
        ports.stream().map(port -> "dport = :" + port).collect(Collectors.joining(" or "));
    try {
      Process ss =
          new ProcessBuilder("ss", "--no-header", "--tcp", "--info", filter)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String lines = new String(ss.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return ss.waitFor() == 0
          ? OptionalLong.of(
              SENT.matcher(lines)
                  .results()
                  .map((MatchResult match) -> match.group(1))
                  .mapToLong(Long::parseLong)
                  .sum())
          : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
