package dev.kintsugi.runtime.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/** Rules that the architecture of each module is stated by. */
public final class Arrows {

  private Arrows() {}

  /** Which of Kintsugi's packages a package knows: these, all of them, and no others. */
  public static ArchRule from(String name, String... others) {
    return classes()
        .that()
        .resideInAPackage(name)
        .should(new KnowExactly(name, Set.of(others)))
        .as(name + " knows " + (others.length == 0 ? "no other" : String.join(", ", others)));
  }

  /** What blocks runs on threads that are meant for it. */
  public static ArchRule nobodyUsesTheCommonPool() {
    return noClasses()
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ForkJoinPool.class)
        .orShould()
        .callMethodWhere(
            describe("is an async method without an executor", Arrows::isAsyncWithoutExecutor));
  }

  private static boolean isAsyncWithoutExecutor(JavaMethodCall call) {
    return call.getTarget().getOwner().isAssignableTo(CompletionStage.class)
        && call.getTarget().getName().endsWith("Async")
        && call.getTarget().getRawParameterTypes().stream()
            .noneMatch(type -> type.isEquivalentTo(Executor.class));
  }

  /** Of Kintsugi's packages these, all of them, and no others. */
  private static final class KnowExactly extends ArchCondition<JavaClass> {
    private final String own;
    private final Set<String> others;
    private final Set<String> known = new TreeSet<>();

    KnowExactly(String own, Set<String> others) {
      super("know exactly these packages");
      this.own = own;
      this.others = others;
    }

    @Override
    public void check(JavaClass javaClass, ConditionEvents events) {
      for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (target.startsWith("dev.kintsugi.") && !target.equals(own) && !others.contains(target)) {
          events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
        }
        known.add(target);
      }
    }

    @Override
    public void finish(ConditionEvents events) {
      for (String other : others) {
        if (!known.contains(other)) {
          events.add(
              SimpleConditionEvent.violated(
                  own, "there is no arrow from " + own + " to " + other + " any more"));
        }
      }
    }
  }
}
