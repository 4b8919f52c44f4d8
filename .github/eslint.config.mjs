// The page's scripts: what is surely a mistake, and nothing of taste. Gradio gives a component's script the first two names.
const globals = `element trigger FUNCTIONS globalThis window document location history localStorage navigator innerWidth
  addEventListener setTimeout clearTimeout getSelection Event URLSearchParams`;

export default [{
  files: ['**/*.js'],
  languageOptions: {
    ecmaVersion: 2022,
    sourceType: 'script',
    globals: Object.fromEntries(globals.split(/\s+/).map(name => [name, 'readonly'])),
  },
  rules: Object.fromEntries(
    `constructor-super for-direction getter-return no-async-promise-executor no-class-assign no-compare-neg-zero
    no-const-assign no-constant-binary-expression no-dupe-args no-dupe-else-if no-dupe-keys no-duplicate-case no-eval
    no-ex-assign no-fallthrough no-func-assign no-implied-eval no-import-assign no-invalid-regexp
    no-irregular-whitespace no-new-func no-obj-calls no-redeclare no-self-assign no-setter-return no-sparse-arrays
    no-this-before-super no-undef no-unexpected-multiline no-unreachable no-unsafe-finally no-unsafe-negation
    no-unsafe-optional-chaining no-unused-vars no-useless-backreference prefer-const use-isnan valid-typeof`
      .split(/\s+/).map(name => [name, 'error'])),
}];
