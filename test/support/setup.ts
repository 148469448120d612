/** Loaded by mocha before any test: an unhandled rejection in a test process is a failure, not a warning. */
process.on('unhandledRejection', (reason) => {
  throw reason;
});
