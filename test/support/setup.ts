/** Loaded by mocha before any test: an unhandled rejection in a test process is a failure, not a warning. */
process.on('unhandledRejection', (reason) => {
  throw reason;
});

/** How long what tests have started may take to end after the last of them (ms). */
const ENDING_MS = 30_000;

/** A test that fails may leave a server behind: the run says so and fails, where it would never end. */
export const mochaHooks = {
  afterAll(): void {
    setTimeout(() => {
      console.error(`Still open after the last test: ${process.getActiveResourcesInfo().join(', ')}`);
      process.once('exit', () => {
        process.exitCode = 1; // mocha's own handler says how many tests have failed
      });
      process.exit();
    }, ENDING_MS).unref();
  },
};
