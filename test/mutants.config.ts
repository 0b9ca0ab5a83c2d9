import { mergeConfig } from "vitest/config";
import { BaseSequencer, type TestModule, type TestSpecification, type Vitest } from "vitest/node";
import whole from "../vitest.config.ts";

/** Small tests first: a mutant that one of them kills needs no call through everything. */
class SmallFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const weight = ({ moduleId }: TestSpecification) => (moduleId.includes("/flow/") ? 1 : 0);
    return [...files].sort((a, b) => weight(a) - weight(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

/** A file of tests that does not even load has no test that fails, and Stryker would call that survival. */
function unloadedIsAnError() {
  let vitest: Vitest;
  return {
    onInit(context: Vitest) {
      vitest = context;
    },
    onTestModuleEnd(module: TestModule) {
      for (const error of module.errors()) vitest.state.catchError(error, "A file of tests did not load");
    },
  };
}

/**
 * The tests that mutants are tried on, which stryker.config.mjs chooses. Left out are those that start other processes,
 * whose code is not mutated, and those that take or wait for seconds by design.
 */
export default mergeConfig(
  { ...whole, test: { ...whole.test, include: process.env.MUTANTS_TESTS?.split(":") ?? [] } },
  {
    test: {
      exclude: [
        "test/**/*processes.test.ts",
        "test/budget/window-history.test.ts",
        "test/flow/{differential,limit,privacy,store-failure,types}.test.ts",
      ],
      sequence: { sequencer: SmallFirst },
      reporters: [unloadedIsAnError()],
    },
  },
);
