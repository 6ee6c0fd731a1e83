package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** The dashboard in a browser, on a real server. Skipped where the machine has no Chromium. */
@Tag("exhaustive")
class DashboardBrowserTest {

  private static final String HOSTILE =
      "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>";

  private static Browser browser;

  private final World world = new World();
  private final TestSystem node =
      new TestSystem(world, Management.SETTINGS + "kintsugi.rebuild.batch-size = 2");
  private final TestProjection files =
      new TestProjection("files").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  private final TestProjection rows = new TestProjection("rows").kind(TestProjection.Kind.ROWS);
  private Management http;

  @BeforeAll
  static void startBrowser() throws Exception {
    browser = Browser.start();
  }

  @AfterAll
  static void closeBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    http = Management.start(node);
    browser.width(1280);
  }

  @AfterEach
  void close() {
    try {
      assertThat(browser.errors()).isEmpty();
    } finally {
      browser.open(URI.create("about:blank"));
      node.close();
      world.close();
    }
  }

  private void open(String route) {
    browser.open(http.uri("/projections/ui#/" + route));
    browser.see("#connection[data-connected=true]");
  }

  private String parkedRecord(String stream, String event) throws Exception {
    node.startAndFinish(files);
    files.failOn(event);
    node.record(stream, event);
    eventually(
        () ->
            assertThat(http.get("/projections/files/skips?parked=true").json().path("skips"))
                .hasSize(1));
    return http.get("/projections/files/skips").json().at("/skips/0/id").asText();
  }

  private static void confirm(String reason) {
    browser.type("dialog.change #change-reason", reason);
    browser.click("dialog.change [data-action=confirm]");
  }

  @Test
  void a_projection_is_rebuilt_by_click_and_watched_until_it_is_done() throws Exception {
    node.startAndFinish(files);
    node.record("a", "one", "two", "three", "four", "five");
    TestProjection.Gate gate = files.holdOn("five");
    open("");

    browser.click("tr[data-projection=files] a");
    browser.click("[data-action=rebuild]");
    browser.type("#change-by", "ann");
    confirm("wrong sums");
    browser.seeNo("dialog.change");
    browser.see("#notice", "is rebuilt, as generation 2");
    gate.awaitReached();
    browser.see("#rebuild li[data-phase=replay][data-state=current]");
    browser.see("#rebuild", "4 of 5 events");
    browser.seeNo("[data-action=rebuild]");
    browser.see("[data-action=stop]");

    gate.open();
    browser.see("#rebuild li[data-phase=done][data-state=past]");
    browser.see("#rebuilds li[data-rebuild='2']", "by ann: wrong sums");
    browser.see("[data-action=rebuild]");
    get(node.kintsugi().whenDone("files"));
    world.auditWhole(files);
  }

  @Test
  void a_rebuild_says_whom_it_waits_for_and_is_limited_and_stopped() throws Exception {
    node.startAndFinish(files);
    open("files");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      browser.click("[data-action=rebuild]");
      confirm("new sums");
      browser.see("#rebuild li[data-phase=fence][data-state=current]");
      browser.see("tr[data-holder^='pid ']");

      browser.click("[data-action=rate]");
      browser.see("#change-rate").clear();
      browser.type("#change-rate", "7");
      confirm("calm");
      browser.see("#rebuild", "7.0/s");

      browser.click("[data-action=stop]");
      browser.type("#change-by", "bob");
      confirm("enough");
      browser.see("#rebuild .callout", "by bob before anything was emptied");
      browser.see("#rebuild li[data-phase=takeover][data-state=current]");
      browser.see("tr[data-holder^='pid ']");
      browser.seeNo("[data-action=stop]");
      held.rollback();
    }
    browser.seeNo("tr[data-holder]");
    browser.see("#rebuild li[data-phase=done][data-state=past]");
    browser.see("#rebuild .callout", "the read model is as it was");
    browser.see("#rebuilds li[data-rebuild='2'] .badge", "stopped by bob");
    browser.see("#operations li[data-operation=STOP]", "by bob: enough");
  }

  private TestProjection builtBeside() throws Exception {
    TestProjection pots = new TestProjection("pots").rebuilt(RebuildPolicy.beside().whenApproved());
    node.startAndFinish(pots);
    node.record("a", "one", "two");
    world.execute(
        "UPDATE pots_log SET payload = '%s' WHERE sequence_number = 2"
            .formatted(HOSTILE.replace("'", "''")));
    open("pots");
    browser.click("[data-action=rebuild]");
    confirm("wrong sums");
    browser.see("#beside [data-beside='2'] [data-held]", "approval");
    return pots;
  }

  @Test
  void a_new_generation_is_compared_and_approved_by_click_and_the_swap_undone() throws Exception {
    TestProjection pots = builtBeside();
    browser.see("#rebuild li[data-phase=swap][data-state=current]");
    browser.see("#rebuild li[data-phase=follow][data-state=past]");
    browser.see(".title .badges", "generation 2 waits for approval");
    browser.see("#beside [data-table$=pots_log] .found", "1 rows are the same, 1 differ");
    browser.click("#beside [data-action=changed-rows]");
    browser.see("#beside [data-row] pre[aria-label='As it was served']", "onerror=");
    browser.see("#beside [data-row] pre[aria-label='As it is built']", "two");
    browser.width(390);
    assertThat(browser.overflow()).as("comparison").isZero();
    browser.width(1280);
    assertThat(world.generation(pots).generation()).isEqualTo(1);

    browser.click("#beside [data-action=approve]");
    confirm(HOSTILE);
    browser.see("#beside [data-beside='1'] [data-kept]", "The swap can be undone");
    browser.see("#where", "generation 2");
    browser.see("#operations li[data-operation=APPROVE]", HOSTILE);

    browser.click("#beside [data-action=undo]");
    confirm("it was better before");
    browser.see("#beside [data-beside='2'] [data-kept]");
    browser.see("#where", "generation 1");
    browser.see("#rebuilds li[data-rebuild='2'] .badge", "undone");

    browser.click("#beside [data-action=retire-replaced]");
    confirm("it is enough");
    browser.seeNo("#beside [data-beside]");
    assertThat(world.generation(pots).generation()).isEqualTo(1);
    assertThat(browser.title()).isEqualTo("pots – Kintsugi");
    assertThat(browser.all("img[src=x], main script")).isEmpty();
  }

  @Test
  void a_new_generation_is_rejected_by_click() throws Exception {
    TestProjection pots = builtBeside();

    browser.click("#beside [data-action=reject]");
    browser.see("dialog.change .about", "which stays as it is");
    confirm("no, the sums were right");

    browser.seeNo("#beside [data-beside]");
    browser.see("#operations li[data-operation=STOP]", "the sums were right");
    browser.see("[data-action=rebuild]");
    assertThat(world.generation(pots).generation()).isEqualTo(1);
  }

  @Test
  void a_projection_is_paused_and_resumed() throws Exception {
    node.startAndFinish(files);
    open("files");
    browser.click("[data-action=pause]");
    confirm("look at it");
    browser.see("[data-pause]", "look at it");
    node.record("a", "one");
    browser.click("[data-action=resume]");
    confirm("looked");
    browser.see("[data-action=pause]");
    browser.seeNo("[data-pause]");
    eventually(() -> assertThat(world.open(files)).isEmpty());
    world.auditWhole(files);
  }

  @Test
  void a_read_model_is_verified_by_click_and_what_differs_is_shown_as_text() throws Exception {
    node.startAndFinish(files, rows);
    node.record("a", "one", "two");
    world.execute("UPDATE rows_log SET payload = '%s'".formatted(HOSTILE.replace("'", "''")));
    open("rows");
    browser.see("#verification", "It was never asked for");
    browser.click("[data-action=verify]");
    confirm(HOSTILE);
    browser.see("#notice", "is verified, as number 1");
    browser.see("#verification .badge", "different");
    browser.see("#verification .said", "onerror=");
    browser.see("#verification .found", "public.rows_log: of 2 rows 2 should not be as they are");
    assertThat(browser.all("#verification pre")).isEmpty();

    browser.click("#verification [data-action=rows]");

    browser.see("#verification [data-row='[\"a\", 1]'] pre[aria-label='As it is']", "onerror=");
    browser.see(
        "#verification [data-row='[\"a\", 1]'] pre[aria-label='As the journal says']",
        "\"payload\": \"one\"");
    browser.width(390);
    assertThat(browser.overflow()).as("rows").isZero();
    assertThat(browser.title()).isEqualTo("rows – Kintsugi");
    assertThat(browser.all("img[src=x], main script")).isEmpty();
    browser.click("#verification [data-action=no-rows]");
    browser.seeNo("#verification pre");
  }

  @Test
  void a_verification_is_watched_and_stopped() throws Exception {
    node.startAndFinish(files);
    node.record("a", "one", "two");
    TestProjection.Gate gate = files.holdOn("two");
    open("files");
    browser.click("[data-action=verify]");
    confirm("nightly");
    gate.awaitReached();
    browser.see("#verification .badge", "running");
    browser.seeNo("[data-action=verify]");

    browser.click("[data-action=stop-verification]");
    browser.type("#change-by", "bob");
    confirm("enough");

    browser.see("#verification .callout", "stopped by bob: enough");
    browser.see("[data-action=verify]");
    gate.open();
  }

  @Test
  void a_parked_record_is_opened_as_text_retried_and_gone() throws Exception {
    String id = parkedRecord("<b id=own>" + HOSTILE, HOSTILE);
    open("files");
    browser.see("#skips tr[data-skip='" + id + "'][data-parked=true]", HOSTILE);
    browser.click("#skips tr[data-skip='" + id + "'] a");
    browser.see("pre[data-field=event]", "onerror=");
    browser.see("pre[data-field=error]", "poison: " + HOSTILE);
    browser.see("[data-field=persistenceId]", HOSTILE);

    files.repair();
    browser.click(".drawer [data-action=retry]");
    confirm(HOSTILE);
    browser.see("[data-gone]");
    browser.press(Keys.ESCAPE);
    browser.seeNo("dialog");
    browser.see("#operations li[data-operation=RETRY]", HOSTILE);
    browser.see("#skips", "None: every event has been applied.");
    assertThat(browser.title()).isEqualTo("files – Kintsugi");
    assertThat(browser.all("img[src=x], #own, main script")).isEmpty();
    world.auditWhole(files);
  }

  @Test
  void a_discard_needs_a_reason_and_a_confirmation() throws Exception {
    String id = parkedRecord("a", "junk");
    open("files/skips/" + id);
    browser.click(".drawer [data-action=discard]");
    browser.click("dialog.change [data-action=confirm]");
    browser.see("#change-reason:invalid");
    browser.click("dialog.change [data-action=cancel]");
    browser.seeNo("dialog.change");
    assertThat(world.open(files)).hasSize(1);

    browser.click(".drawer [data-action=discard]");
    confirm("never was");
    browser.see("[data-gone]");
    assertThat(world.archived(files)).containsExactly("a/1 discarded");
  }

  @Test
  void records_are_changed_by_filter_after_a_dry_run() throws Exception {
    parkedRecord("a", "junk");
    open("files");
    browser.click("[data-action=discard-all]");
    browser.see("dialog.change .preview .reason", "FAILED 1");
    assertThat(world.open(files)).hasSize(1);
    confirm("never was");
    browser.seeNo("dialog.change");
    browser.see("#operations li[data-operation=DISCARD]", "never was");
    assertThat(world.archived(files)).containsExactly("a/1 discarded");
  }

  @Test
  void a_change_that_is_refused_says_why() throws Exception {
    node.startAndFinish(files);
    open("files");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      browser.click("[data-action=rebuild]");
      http.post("/projections/files/rebuild", "{\"reason\": \"somebody was faster\"}");
      confirm("too late");
      browser.see("dialog.change .problem[data-status='409']", "is being built");
      held.rollback();
    }
    get(node.kintsugi().whenDone("files"));
  }

  @Test
  void a_step_that_is_blocked_says_why_as_text() throws Exception {
    node.startAndFinish(files);
    open("files");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      TestSystem.get(node.kintsugi().rebuild("files", "new sums"));
      world.execute("CREATE TABLE \"<b id=own>note\" (log BIGINT REFERENCES files_log)");
      held.rollback();
    }

    browser.see("#rebuild .callout", "Blocked, and tried again by itself; since");
    browser.see("#rebuild pre[aria-label='Last error of the rebuild']", "<b id=own>note");
    browser.see(".title .badges", "blocked");
    assertThat(browser.all("#own")).isEmpty();

    world.execute("DROP TABLE \"<b id=own>note\"");
    TestSystem.get(node.kintsugi().whenDone("files"));
    browser.seeNo("#rebuild .callout");
  }

  @Test
  void deletions_that_wait_are_told_by_their_streams() throws Exception {
    String stream = "<b id=own>" + HOSTILE;
    parkedRecord(stream, "junk");
    world.execute(
        "INSERT INTO kintsugi_deletion (persistence_id, up_to, events) VALUES ('%s', 1, 1)"
            .formatted(stream.replace("'", "''")));

    open("");
    browser.see("[data-deletions]", "1 event waits to be deleted, as projections still need them");
    browser.see("[data-deletions]", HOSTILE);
    open("files");
    browser.see("#counts [data-deletions]", "as it still needs them: of <b id=own>");
    assertThat(browser.all("#own, img[src=x]")).isEmpty();
    assertThat(browser.title()).isEqualTo("files – Kintsugi");
  }

  @Test
  void a_projection_that_no_node_has_says_so_and_is_retired_by_click() throws Exception {
    world.start(rows);
    node.startAndFinish(files);
    node.record("a", "one");
    world.execute("UPDATE kintsugi_skip SET recorded_at = now() - INTERVAL '2 hours'");
    open("");
    browser.see("tr[data-projection=rows] .badges", "no node has it");

    browser.click("tr[data-projection=rows] a");
    browser.see("[data-unhandled]", "Deploy a build that has it");
    browser.click("[data-action=retire]");
    browser.type("#change-typed", "files");
    confirm("of no use");
    browser.see("#change-tables:invalid");
    browser.see("#change-typed:invalid").clear();
    browser.type("#change-typed", "rows");
    browser.see("#change-tables").sendKeys("are dropped");
    browser.see("#change-reason").clear();
    confirm("<b id=own>" + HOSTILE);

    browser.see("[data-retirement=ended]", "its tables are dropped");
    browser.see("[data-retirement]", "onerror=");
    browser.see("#operations li[data-operation=RETIRE]", HOSTILE);
    browser.see(".title .badges", "retired");
    browser.seeNo(".title [data-action]");
    browser.seeNo("#counts");
    assertThat(browser.all("#own, img[src=x]")).isEmpty();
    assertThat(browser.title()).isEqualTo("rows – Kintsugi");
    assertThat(world.column("SELECT to_regclass('rows_log')")).containsOnlyNulls();
    open("");
    browser.see("tr[data-projection=files]");
    browser.seeNo("tr[data-projection=rows]");
  }

  @Test
  void one_that_a_node_has_is_not_retired_and_the_dialog_says_where_it_is() throws Exception {
    node.startAndFinish(files);
    open("files");
    browser.click("[data-action=retire]");
    browser.type("#change-typed", "files");
    browser.see("#change-tables").sendKeys("are kept");
    confirm("of no use");

    browser.see("dialog.change .problem[data-status='409']", "it is registered on");
    browser.click("dialog.change [data-action=cancel]");
    browser.see("[data-action=retire]");
    world.auditWhole(files);
  }

  @Test
  void one_that_a_node_has_is_retired_by_force_once_the_reason_was_shown() throws Exception {
    node.startAndFinish(files);
    open("files");
    browser.click("[data-action=retire]");
    browser.seeNo("#change-force");
    browser.type("#change-typed", "files");
    browser.see("#change-tables").sendKeys("are dropped");
    confirm("<b id=own>" + HOSTILE);
    browser.see("dialog.change .problem[data-status='409']", "it is registered on");
    browser.see("dialog.change [data-overrule]", "started again with it builds it anew");

    browser.click("dialog.change [data-action=confirm]");
    browser.see("dialog.change [data-overrule]", "whoever has it registered");
    assertThat(world.column("SELECT projection FROM kintsugi_projection"))
        .as("asked for again, not forced")
        .containsExactly("files");

    browser.click("#change-force");
    browser.see("dialog.change [data-action=confirm]", "Retire by force");
    browser.click("#change-force");
    browser.see("dialog.change [data-action=confirm]", "Retire");
    browser.click("#change-force");
    browser.click("dialog.change [data-action=confirm]");
    browser.see("[data-retirement=ended]", "its tables are dropped");
    browser.see("#operations li[data-operation=RETIRE]", HOSTILE);
    assertThat(browser.all("#own, img[src=x]")).isEmpty();
    assertThat(world.column("SELECT to_regclass('files_log')")).containsOnlyNulls();
  }

  @Test
  void a_projection_is_renamed_by_click_and_its_page_is_the_newer_ones() throws Exception {
    node.startAndFinish(files);
    open("files");
    browser.click("[data-action=rename]");
    browser.type("#change-name", "Not A Name");
    confirm("a better name");
    browser.see("#change-name:invalid").clear();
    browser.type("#change-name", "documents");
    browser.click("dialog.change [data-action=confirm]");

    browser.see("h1", "documents");
    browser.see("#operations li[data-operation=RENAME]", "from 'files'");
    assertThat(browser.title()).isEqualTo("documents – Kintsugi");
  }

  @Test
  void a_read_only_management_offers_no_changes() throws Exception {
    String id = parkedRecord("a", "junk");
    try (TestSystem reading =
        new TestSystem(world, "pekko.management.http { hostname = \"127.0.0.1\", port = 0 }")) {
      browser.open(Management.start(reading).uri("/projections/ui#/files/skips/" + id));
      browser.see("#readonly");
      browser.see("pre[data-field=event]", "junk");
      browser.see(".drawer [data-action=look-again]");
      browser.press(Keys.ESCAPE);
      browser.see("#skips tr[data-skip='" + id + "']");
      browser.see(".title .actions", "Read-only");
      assertThat(
              browser.all(
                  "[data-action=rebuild], [data-action=verify], [data-action=pause], [data-action=rename],"
                      + " [data-action=retire], [data-action=retry],"
                      + " [data-action=discard], [data-action=retry-all], [data-action=discard-all]"))
          .isEmpty();
    }
  }

  @Test
  void a_lost_connection_is_said_and_made_anew() throws Exception {
    node.startAndFinish(files);
    open("");
    browser.seeNo("#offline");
    String again = "pekko.management.http.port = " + http.uri("").getPort();
    node.close();
    browser.see("#offline", "Disconnected since");
    try (TestSystem restarted = new TestSystem(world, Management.SETTINGS + again)) {
      Management.start(restarted);
      browser.see("#connection[data-connected=true]");
      browser.seeNo("#offline");
      browser.open(URI.create("about:blank"));
    }
  }

  @Test
  void a_narrow_page_does_not_scroll_sideways() throws Exception {
    String id = parkedRecord("a-stream-with-a-long-name-".repeat(5), "junk-".repeat(200));
    browser.width(390);
    open("");
    browser.see("tr[data-projection=files]");
    assertThat(browser.overflow()).as("list").isZero();
    open("files");
    browser.see("#skips tr[data-skip]");
    browser.see("#rebuilds li");
    assertThat(browser.overflow()).as("projection").isZero();
    browser.click("[data-action=pause]");
    browser.see("dialog.change");
    assertThat(browser.overflow()).as("confirmation").isZero();
    open("files/skips/" + id);
    browser.see("pre[data-field=error]");
    assertThat(browser.overflow()).as("record").isZero();
  }

  @Test
  void the_keyboard_is_enough() throws Exception {
    node.startAndFinish(files, new TestProjection("other"));
    open("");
    browser.see("tr[data-projection=other]");
    browser.tabTo("#filter");
    browser.press("fil");
    browser.seeNo("tr[data-projection=other]");
    browser.tabTo("tr[data-projection=files] a");
    browser.press(Keys.ENTER);
    browser.seeFocus("h1");
    browser.see("[data-action=rebuild]");
    browser.tabTo("[data-action=rebuild]");
    browser.press(Keys.ENTER);
    browser.seeFocus("#change-reason");
    browser.press(Keys.ESCAPE);
    browser.seeNo("dialog");
    browser.seeFocus("[data-action=rebuild]");
    assertThat(world.generation(files).generation()).isEqualTo(1);
  }
}
