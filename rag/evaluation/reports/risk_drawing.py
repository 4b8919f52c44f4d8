"""The drawing of a run's risk against coverage, as inline SVG."""

from typing import Any

from rag.evaluation.measures.risk import Scored, aurc, oracle_aurc, random_aurc, risk_coverage

_WIDTH, _HEIGHT, _BORDER, _TOP = 640, 290, 44, 32  # pixels


def risk_drawing(results: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the drawing, of numbers alone, and its figures; None for fewer than two results with both."""
    known = [r for r in results if r.get("confidence") is not None and r.get("anyway") is not None]
    scored = [(float(r["confidence"]), 1.0 - float(r["anyway"])) for r in known]
    if len(scored) < 2:
        return None
    answered = [item for result, item in zip(known, scored, strict=True) if not result["refused"]]
    point = (len(answered) / len(scored), sum(wrong for _, wrong in answered) / max(len(answered), 1))
    return {
        "svg": _svg(scored, point),
        "questions": len(scored),
        "coverage": round(point[0], 3),
        "risk": round(point[1], 3),
        "areas": [
            (name, round(area(scored), 3))
            for name, area in (("Dateline", aurc), ("oracle", oracle_aurc), ("random", random_aurc))
        ],
    }


def _svg(scored: list[Scored], point: tuple[float, float]) -> str:
    bottom, right = _HEIGHT - _BORDER, _WIDTH - _BORDER

    def place(coverage: float, risk: float) -> str:
        x = _BORDER + (right - _BORDER) * coverage
        return f"{x:.1f} {bottom - (bottom - _TOP) * risk:.1f}"

    def path(curve: list[tuple[float, float]], color: str, dashes: str) -> str:
        points = " L".join(place(*item) for item in curve)
        return f'<path d="M{points}" fill="none" stroke="{color}" stroke-dasharray="{dashes}"/>'

    oracle = risk_coverage([(-wrong, wrong) for _, wrong in scored])
    level = random_aurc(scored)
    ticks = [
        f'<text x="{place(share, 0).split()[0]}" y="{bottom + 18}" text-anchor="middle">{share:g}</text>'
        f'<text x="{_BORDER - 8}" y="{place(0, share).split()[1]}" text-anchor="end">{share:g}</text>'
        for share in (0, 0.5, 1)
    ]
    x, y = place(*point).split()
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" style="max-width: {_WIDTH}px" role="img" '
        'aria-label="Risk against coverage" font-size="12" fill="currentColor">'
        f'<path d="M{_BORDER} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>'
        f"{path([(0, level), (1, level)], 'currentColor', '2 4')}"
        f"{path(oracle, 'var(--good)', '6 3')}"
        f'<g stroke-width="2">{path(risk_coverage(scored), "var(--accent)", "none")}</g>'
        f'<circle cx="{x}" cy="{y}" r="5" fill="var(--accent)"/>{"".join(ticks)}'
        f'<text x="{right}" y="{_HEIGHT - 8}" text-anchor="end">share of questions answered</text>'
        f'<text x="{_BORDER - 36}" y="12">share of them wrong</text></svg>'
    )
