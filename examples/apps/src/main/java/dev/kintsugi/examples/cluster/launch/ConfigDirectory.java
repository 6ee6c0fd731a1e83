package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.common.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** An option of the programs that start nodes. */
public final class ConfigDirectory {

  @Option(
      names = "--config",
      paramLabel = "DIR",
      defaultValue = "${sys:kintsugi.config:-config}",
      description =
          "The directory with cluster.conf, logback.xml and ddl; default ${DEFAULT-VALUE}.")
  private Path directory = Path.of("config");

  /**
   * The directory, as an absolute path.
   *
   * @throws BadInputException if it is another one
   */
  public Path path() throws BadInputException, IOException {
    if (!Files.isRegularFile(directory.resolve("cluster.conf"))) {
      throw new BadInputException("There is no cluster.conf in " + directory.toAbsolutePath());
    }
    return directory.toRealPath();
  }
}
