#!/usr/bin/env node
// Starts the command line. Plain JavaScript that old versions of Node can read as well, so that
// they are told what is missing instead of failing on the first line of TypeScript.

const needed = [24, 16]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  run().catch(cannotLoad)
} else {
  process.stderr.write(
    `firstcome: this is Node ${process.versions.node}; it needs ${needed.join('.')} or newer.\n` +
      'Inside the repository, after `npm ci`, `npx firstcome` and `npm start` bring their own.\n',
  )
  process.exitCode = 2
}

async function run() {
  await keepCompiled()
  sayWhatCannotBeWritten()
  if (process.pid === 1) endBySignals()
  const { fatalError, main } = await import('../src/main/cli/cli.ts')
  process.on('uncaughtException', fatalError)
  process.exitCode = await main(process.argv.slice(2))
}

/**
 * A command starts in a third of the time, and so do its threads, which go by their environment;
 * where nothing may be written, as it did before.
 */
async function keepCompiled() {
  const [{ enableCompileCache }, { fileURLToPath }] = await Promise.all([
    import('node:module'),
    import('node:url'),
  ])
  const directory = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url))
  enableCompileCache(directory)
  process.env.NODE_COMPILE_CACHE ??= directory
}

/** A reader that has gone (`| head`) changes nothing; a disk that is full, the exit code. */
function sayWhatCannotBeWritten() {
  process.stderr.on('error', () => {})
  let isSaid = false
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE' || isSaid) return
    isSaid = true
    process.stderr.write(`firstcome: its output cannot be written: ${error.message}\n`)
    process.on('exit', (code) => {
      if (code === 0) process.exitCode = 1
    })
  })
}

/** The first process of a container is ended by no signal that it does not listen to. */
function endBySignals() {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.on(signal, () => {
      // Whoever else listens ends it in order, or sends the signal again.
      if (process.listenerCount(signal) === 1) process.exit(128 + number)
    })
  }
}

/** `main` never throws: only the import fails here. */
function cannotLoad(error) {
  const hint = error.code === 'ERR_MODULE_NOT_FOUND' ? '\nHas `npm ci` been run?' : ''
  process.stderr.write(`firstcome: cannot be loaded: ${error.stack}${hint}\n`)
  process.exitCode = 2
}
