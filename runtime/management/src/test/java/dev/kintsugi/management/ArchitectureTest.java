package dev.kintsugi.management;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.kintsugi.runtime.architecture.Arrows;

/** The routes of Pekko Management, which are calls of the runtime's entry point. */
@AnalyzeClasses(
    packages = "dev.kintsugi.management",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String RUNTIME = "dev.kintsugi.runtime";

  @ArchTest
  static final ArchRule management =
      Arrows.from(
          "dev.kintsugi.management",
          RUNTIME,
          RUNTIME + ".internal.handler",
          RUNTIME + ".internal.jdbc",
          RUNTIME + ".internal.node",
          RUNTIME + ".internal.operations",
          RUNTIME + ".internal.state",
          RUNTIME + ".operations",
          RUNTIME + ".persistence",
          RUNTIME + ".skip",
          RUNTIME + ".status",
          RUNTIME + ".verify",
          "dev.kintsugi.projections",
          "dev.kintsugi.projections.internal.text");

  @ArchTest static final ArchRule nobody_uses_the_common_pool = Arrows.nobodyUsesTheCommonPool();
}
