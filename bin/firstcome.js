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
  // A reader that has gone (`| head`) must not change how a command ends.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const { fatalError, main } = await import('../src/main/cli/cli.ts')
  process.on('uncaughtException', fatalError)
  process.exitCode = await main(process.argv.slice(2))
}

/** `main` never throws: only the import fails here. */
function cannotLoad(error) {
  const hint = error.code === 'ERR_MODULE_NOT_FOUND' ? '\nHas `npm ci` been run?' : ''
  process.stderr.write(`firstcome: cannot be loaded: ${error.stack}${hint}\n`)
  process.exitCode = 2
}
