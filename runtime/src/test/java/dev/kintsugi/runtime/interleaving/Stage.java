package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells a story in all its interleavings and keeps the failing one that is told in least words. */
final class Stage {

  /**
   * What came of it.
   *
   * @param failed how many runs broke an invariant
   * @param story the shortest of these
   * @param violations what was wrong in that one
   */
  record Report(
      Explorer.Count count, int failed, int turns, String story, List<String> violations) {

    static Report clean(Explorer.Count count) {
      return new Report(count, 0, 0, "", List.of());
    }
  }

  private final Scene scene;
  private final int enough;
  private final int atMost;
  private int told;
  private int failed;
  private int sinceFailed;
  private @Nullable List<Run.Event> shortest;
  private List<String> violations = List.of();

  private Stage(Scene scene, int enough, int atMost) {
    this.scene = scene;
    this.enough = enough;
    this.atMost = atMost;
  }

  static Report tell(Stories.Told story, Rewriting rewriting, int enough, int atMost)
      throws Exception {
    try (Scene scene =
        new Scene(story.projection().get(), story.beginning(), rewriting, story.byStream())) {
      return new Stage(scene, enough, atMost).tell(story);
    }
  }

  private Report tell(Stories.Told story) throws Exception {
    List<String> names = new ArrayList<>(Cast.of(scene, story.casting()).keySet());
    Explorer explorer =
        new Explorer(
            chooser -> {
              Map<String, Program> programs = Cast.of(scene, story.casting());
              return scene.run(programs, chooser);
            });
    Explorer.Count count =
        explorer.explore(
            result -> {
              look(result, names.size());
              return ++told < atMost && (failed == 0 || ++sinceFailed <= enough);
            });
    return shortest == null
        ? Report.clean(count)
        : new Report(count, failed, Story.turns(shortest), Story.tell(shortest, names), violations);
  }

  private void look(Explorer.Result result, int sessions) {
    if (result.outcome().failures().isEmpty()) {
      return;
    }
    failed++;
    List<Run.Event> told = Story.shortest(result.events(), sessions);
    if (shortest == null || Story.turns(told) < Story.turns(shortest)) {
      shortest = told;
      violations = result.outcome().failures();
    }
  }
}
