package dev.kintsugi.runtime.architecture;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.testing.PublicApi;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What applications may use, line by line. */
class PublicApiTest {

  @Test
  void projections() throws Exception {
    PublicApi.compare(Projection.class, Path.of("../projections/api.txt"));
  }

  @Test
  void runtime() throws Exception {
    PublicApi.compare(Kintsugi.class, Path.of("api.txt"));
  }
}
