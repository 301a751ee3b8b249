// Beside the picture: what is under the pointer, and what the signs mean.
import { siteName } from "../../desk/town";
import { t } from "../../shared/i18n";
import { dayAndTime } from "../../shared/time";
import { MOST, type Network, type Node } from "./network";
import type { Row } from "./types";
import { hopWord, kindWords } from "./words";

/** Who or what is pointed at; read aloud when keys move there. */
export function Card({ node, row }: { node: Node | undefined; row: Row | undefined }) {
	return (
		<div class="ct-card" role="status" hidden={!node}>
			{node && <b>{node.name || t({ zh: "本辖区外", en: "Outside" })}</b>}
			{node?.kind === "index" && <span>{t({ zh: "被查询的人", en: "asked about" })}</span>}
			{node?.kind === "place" && (
				<span>
					{t({ zh: `${node.size} 人在此接触，点击只看这里`, en: `${node.size} met here; click to see these only` })}
				</span>
			)}
			{row && (
				<>
					<span>
						{t({ zh: `第 ${row.rank} 位`, en: `No. ${row.rank}` })} · {hopWord(row.hop)} ·{" "}
						{row.kinds.map((k) => t(kindWords[k])).join(" ")}
					</span>
					<span>{row.outside ? row.area : siteName(row.home)}</span>
					<span>
						{t({
							zh: `同场 ${row.minutes} 分钟 · 暴露 ${row.exposure}`,
							en: `${row.minutes} min together · exposure ${row.exposure}`,
						})}
					</span>
					<span>
						{row.placeName} · {dayAndTime(row.last)}
					</span>
				</>
			)}
		</div>
	);
}

/** The signs of the picture. */
export function Legend({ network }: { network: Network | null }) {
	const nodes = network?.nodes ?? [];
	const hop = (n: number) => nodes.filter((node) => node.hop === n).length;
	const places = nodes.filter((node) => node.kind === "place").length;
	const signs = [1, 2, 3].filter((n) => hop(n) > 0);
	return (
		<p class="ct-legend">
			<span class="ct-h0">◎ {t({ zh: "被查询的人", en: "asked about" })}</span>
			{signs.map((n) => (
				<span key={n} class={`ct-h${n}`}>
					{["", "●", "▲", "◆"][n]} {hopWord(n)} {hop(n)}
				</span>
			))}
			<span>
				■ {t({ zh: "场所", en: "places" })} {places}
			</span>
			<span>⊙ {t({ zh: "加圈：同户", en: "ringed: one household" })}</span>
			<span>○ {t({ zh: "空心：本辖区外", en: "hollow: outside your part" })}</span>
			<span>{t({ zh: "越大暴露越高", en: "larger: more exposure" })}</span>
			{network && network.left > 0 && (
				<strong>
					{t({
						zh: `图上是排在前面的 ${MOST} 人，另有 ${network.left} 人请用筛选缩小后再看`,
						en: `The first ${MOST} are drawn; ${network.left} more: narrow the filters`,
					})}
				</strong>
			)}
		</p>
	);
}
