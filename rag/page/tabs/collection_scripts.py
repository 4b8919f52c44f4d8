"""The scripts of the Collection tab: what its lists and tables do in the browser."""

# A button in a list names its article; the list reports a click on one.
OPEN_ON_CLICK = """element.addEventListener('click', event => {
    const button = event.target.closest('button[data-article]');
    if (!button) return;
    document.body.dataset.opened = button.dataset.article;
    trigger('click', {article: button.dataset.article});
});"""
# The fields above the table fill the empty ones below; Enter saves.
SAVE_TABLE = """
const save = () => {
    const value = (row, field) => row.querySelector(`input[data-field=${field}]`).value.trim();
    const fill = element.querySelector('tr.fill');
    const rows = [...element.querySelectorAll('tbody tr')].map(row => ({
        article: row.dataset.article,
        publisher: value(row, 'publisher') || value(fill, 'publisher'),
        published: value(row, 'published') || value(fill, 'published'),
    }));
    trigger('apply', {rows});
};
element.addEventListener('click', event => { if (event.target.closest('button.save')) save(); });
element.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.target.closest('input')) save();
});
"""
# Heads sort; boxes select, and the fields beside what is selected apply to all of it that is listed. What is
# selected is kept by the articles' ids, and shown again after each redraw: Gradio changes the old table into
# the new one node by node, so that a checked box would stay where it is and mean another article.
SELECT_AND_SORT = """
const selected = (window.dateline ??= {}).selected ??= new Set();
const boxes = () => [...element.querySelectorAll('tbody input')];
const articleOf = box => box.closest('tr').querySelector('.open').dataset.article;
const chosen = () => boxes().map(articleOf).filter(article => selected.has(article));
const show = () => {
    for (const box of boxes()) box.checked = selected.has(articleOf(box));
    const bar = element.querySelector('.selection'), count = chosen().length;
    if (bar) {
        bar.hidden = !count;
        bar.querySelector('output').textContent = `${count} selected`;
        const all = element.querySelector('thead input');
        all.checked = count === boxes().length;
        all.indeterminate = count && !all.checked;
    }
    redraws.takeRecords();
};
const redraws = new MutationObserver(show);
redraws.observe(element, {attributes: true, characterData: true, childList: true, subtree: true});
element.addEventListener('change', event => {
    const all = event.target.matches('thead input');
    if (!all && !event.target.matches('tbody input')) return;
    for (const box of all ? boxes() : [event.target])
        selected[event.target.checked ? 'add' : 'delete'](articleOf(box));
    show();
});
element.addEventListener('click', event => {
    const head = event.target.closest('button[data-sort]');
    if (head) trigger('select', {sort: head.dataset.sort});
    if (event.target.closest('.selection .remove')) trigger('delete', {articles: chosen()});
    if (!event.target.closest('.selection .set')) return;
    const filled = [...element.querySelectorAll('.selection input')].filter(field => field.value.trim());
    const fields = Object.fromEntries(filled.map(field => [field.dataset.field, field.value.trim()]));
    trigger('apply', {rows: chosen().map(article => ({article, ...fields}))});
});
show();
"""
# What was changed or removed is no longer selected, nor stand the values in the fields for what comes next;
# the focus, which was on a button that is hidden now, goes to NEXT.
DESELECT = """() => {
    window.dateline.selected.clear();
    for (const field of document.querySelectorAll('#articles .selection input')) field.value = '';
    document.querySelector('#articles .selection output')?.replaceChildren(); // which shows it
    let tries = 30; // until it is drawn
    const focus = (next = document.querySelector('NEXT')) =>
        next?.offsetParent ? next.focus({preventScroll: true}) : tries-- && setTimeout(focus, 100);
    focus();
}"""
TAKE_BACK = """element.addEventListener('click', event => {
    const button = event.target.closest('button[data-line]');
    if (button) trigger('apply', {line: button.dataset.line});
});"""
FOCUS_ARTICLE = """() => {
    document.querySelector('#back')?.scrollIntoView();
    document.querySelector('#back')?.focus({preventScroll: true});
}"""
FOCUS_LIST = """() => {
    const button = `#articles button[data-article='${document.body.dataset.opened}']`;
    document.querySelector(button)?.focus();
}"""
