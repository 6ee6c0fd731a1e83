package dev.kintsugi.testkit;

import dev.kintsugi.runtime.testing.PublicApi;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What tests of applications may use. */
class PublicApiTest {

  @Test
  void testkit() throws Exception {
    PublicApi.compare(ProjectionTestKit.class, Path.of("api.txt"));
  }
}
