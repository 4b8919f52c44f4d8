// Gradio's page compiles functions from text, which the content security policy forbids. Which texts those are is
// known when the page is built: the functions stand here, and any other text is refused by the policy.
const known = new Map(FUNCTIONS.map(([text, found]) => [JSON.stringify(text), found]));
// The template of each HTML component is its value, and it has no style of its own. Gradio compiles each of these
// twice: into a template by Handlebars, and the result into a function of the component's properties.
const template = parts => {
  const body = parts.at(-1).trim();
  const at = parts.indexOf('value');
  if (body === 'return `${value}`;' && at >= 0) return (...values) => `${values[at]}`;
  return {'return ``;': () => '', 'return "";': () => '', 'return "${value}";': () => '${value}'}[body];
};
const replace = original => {
  const compile = function (...parts) {
    const text = parts.map(String);
    return known.get(JSON.stringify(text)) ?? template(text) ?? original(...text);
  };
  compile.prototype = original.prototype;
  Object.defineProperty(original.prototype, 'constructor', {value: compile, configurable: true, writable: true});
  return compile;
};
globalThis.Function = replace(Function);
replace((async () => {}).constructor);
