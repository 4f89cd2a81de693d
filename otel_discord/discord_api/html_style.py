"""The style sheet of ``html_view``: Discord's look in two themes, every class under ``dv-``. No other CSS is needed."""

from typing import Final

STYLE: Final = """
.dv{--bg:#313338;--card:#2b2d31;--line:#26282c;--text:#dbdee1;--strong:#f2f3f5;--muted:#949ba4;--link:#00a8fc;
--code:#2b2d31;--code-line:#1e1f22;--hover:#2e3035;--chip:rgba(88,101,242,.3);--chip-text:#c9cdfb;--quote:#4e5058;
--stamp:rgba(255,255,255,.06);--spoiler:#1e1f22;--bar:#1e1f22;--button:#4e5058;
background:var(--bg);color:var(--text);font:400 16px/1.375 "gg sans","Helvetica Neue",Helvetica,Arial,
sans-serif,"Noto Color Emoji";padding:16px 0;overflow-wrap:anywhere}
.dv-light{--bg:#fff;--card:#f2f3f5;--line:#e3e5e8;--text:#313338;--strong:#060607;--muted:#5c5e66;--link:#006ce7;
--code:#f2f3f5;--code-line:#e3e5e8;--hover:#f7f7f8;--chip:rgba(88,101,242,.15);--chip-text:#505cdc;--quote:#c4c9ce;
--stamp:rgba(0,0,0,.06);--spoiler:#d4d7dc;--bar:#e3e5e8;--button:#d4d7dc}
.dv-page{margin:0}.dv-page>.dv{min-height:100vh;box-sizing:border-box}
.dv *{box-sizing:border-box}
.dv a{color:var(--link);text-decoration:none}
.dv a:hover,.dv a:focus-visible{text-decoration:underline}
.dv-message{position:relative;display:grid;grid-template-columns:72px minmax(0,1fr);padding:2px 48px 2px 0;
margin-top:17px;min-height:44px}
.dv-message.dv-same{margin-top:0;min-height:0}
.dv-message:hover{background:var(--hover)}
.dv-avatar{width:40px;height:40px;border-radius:50%;margin:2px 0 0 16px;display:grid;place-items:center;
color:#fff;font-weight:600;font-size:18px;object-fit:cover}
.dv-tint-0{background:#5865f2}.dv-tint-1{background:#757e8a}.dv-tint-2{background:#3ba55c}
.dv-tint-3{background:#c98a12}.dv-tint-4{background:#ed4245}.dv-tint-5{background:#d0478f}
.dv-head{display:flex;align-items:center;flex-wrap:wrap;gap:0 6px;line-height:1.375}
.dv-name{color:var(--strong);font-weight:500}
.dv-app{background:#5865f2;color:#fff;font-size:10px;font-weight:600;line-height:15px;padding:0 5px;border-radius:4px}
.dv-small{color:var(--muted);font-size:12px}
.dv-same .dv-gutter{color:var(--muted);font-size:11px;line-height:22px;text-align:right;padding-right:16px;opacity:0}
.dv-same:hover .dv-gutter{opacity:1}
.dv-content,.dv-run,.dv blockquote,.dv-value{white-space:pre-wrap}
.dv-edited{color:var(--muted);font-size:10px}
.dv-heading{color:var(--strong);font-weight:700;margin:8px 0 4px}
.dv-heading-1{font-size:24px}.dv-heading-2{font-size:20px}.dv-heading-3{font-size:16px}
.dv-subtext{color:var(--muted);font-size:13px}
.dv-item{display:flex;gap:8px;padding-left:8px}
.dv-depth-1{padding-left:26px}.dv-depth-2{padding-left:44px}.dv-depth-3{padding-left:62px}
.dv-bullet{flex:none;min-width:8px}
.dv blockquote{margin:0;padding:0 8px 0 12px;border-left:4px solid var(--quote);border-radius:4px}
.dv-code,.dv-fence{font-family:"gg mono","Source Code Pro",Consolas,"DejaVu Sans Mono",Menlo,monospace;
background:var(--code)}
.dv-code{font-size:85%;padding:.1em .25em;border-radius:4px;white-space:pre-wrap}
.dv-fence{position:relative;font-size:13.6px;line-height:1.3;margin:6px 0 0;padding:8px;
border:1px solid var(--code-line);border-radius:4px;white-space:pre-wrap;max-width:90ch}
.dv-embed .dv-code,.dv-embed .dv-fence{background:var(--code-line)}
.dv-embed .dv-fence{border-color:var(--code-line)}
.dv-fence[data-language]::after{content:attr(data-language);position:absolute;top:4px;right:8px;color:var(--muted);
font-size:10px}
.dv-mention{background:var(--chip);color:var(--chip-text);font-weight:500;padding:0 2px;border-radius:3px}
.dv-time{background:var(--stamp);border-radius:3px;padding:0 2px}
.dv-spoiler{background:var(--spoiler);color:transparent;border-radius:4px;cursor:pointer}
.dv-spoiler *{visibility:hidden}
.dv-spoiler:hover,.dv-spoiler:focus{color:inherit}
.dv-spoiler:hover *,.dv-spoiler:focus *{visibility:visible}
.dv-embed{position:relative;display:inline-grid;max-width:520px;margin-top:4px;background:var(--card);
border:1px solid var(--line);border-radius:4px;overflow:hidden;vertical-align:top}
.dv-embeds{display:flex;flex-direction:column;align-items:flex-start}
.dv-bar{position:absolute;left:0;top:0;width:4px;height:100%;fill:var(--bar)}
.dv-inside{display:grid;grid-template-columns:minmax(0,1fr) auto;padding:6px 16px 14px 16px;min-width:180px}
.dv-inside>*{grid-column:1}
.dv-author,.dv-footer{display:flex;align-items:center;gap:8px;margin-top:8px}
.dv-author{color:var(--strong);font-size:14px;font-weight:600}
.dv-author a{color:inherit}
.dv-icon{width:24px;height:24px;border-radius:50%;object-fit:cover;flex:none}
.dv-title{color:var(--strong);font-weight:600;margin-top:8px}
.dv-description{font-size:14px;line-height:1.29;margin-top:8px}
.dv-fields{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:8px;margin-top:8px;font-size:14px;
line-height:1.29}
.dv-w12{grid-column:span 12}.dv-w6{grid-column:span 6}.dv-w4{grid-column:span 4}
.dv-field-name{color:var(--strong);font-weight:600;margin-bottom:2px}
.dv-footer{font-size:12px;line-height:1.33;color:var(--text)}
.dv-footer .dv-icon{width:20px;height:20px}
.dv-inside>.dv-thumbnail{grid-column:2;grid-row:1/9;max-width:80px;max-height:80px;
margin:8px 0 0 16px;border-radius:4px}
.dv-image{display:block;max-width:100%;max-height:300px;border-radius:4px;margin-top:16px}
.dv-absent{display:grid;place-items:center;min-width:80px;min-height:80px;padding:8px;background:var(--code-line);
color:var(--muted);font-size:12px;text-align:center}
.dv-file{display:flex;align-items:center;gap:10px;width:432px;max-width:100%;margin-top:6px;padding:14px 16px;
background:var(--card);border:1px solid var(--line);border-radius:8px}
.dv-file svg{flex:none;width:26px;height:34px;fill:var(--muted)}
.dv-file-name{color:var(--link);display:block;line-height:1.25}
.dv-preview{scrollbar-width:thin;scrollbar-color:var(--muted) transparent;
width:520px;max-width:100%;max-height:190px;overflow:auto}
.dv-gallery{display:grid;grid-template-columns:1fr 1fr;gap:4px;margin-top:16px}
.dv-gallery .dv-image{margin:0;width:100%;height:100%;min-height:80px;object-fit:cover}
.dv-inside>.dv-image,.dv-gallery,.dv-inside>.dv-footer{grid-column:1/-1}
.dv-thread{color:var(--strong);font-size:20px;font-weight:700;margin:2px 0 6px}
.dv-components{margin-top:6px;display:grid;gap:8px}
.dv-row{display:flex;flex-wrap:wrap;gap:8px}
.dv-button,.dv-menu{display:inline-block;padding:6px 14px;border-radius:8px;font-size:14px;font-weight:500;
line-height:18px;background:var(--button);color:var(--strong)}
.dv a.dv-button{color:var(--strong)}
.dv-menu{border:1px solid var(--code-line);background:var(--code-line);color:var(--muted);min-width:220px}
.dv-primary{background:#5865f2;color:#fff}.dv-success{background:#24804a;color:#fff}.dv-danger{background:#c93b3e;color:#fff}
@media (max-width:560px){.dv-message{grid-template-columns:56px minmax(0,1fr);padding-right:12px}
.dv-avatar{margin-left:8px}.dv-w4,.dv-w6{grid-column:span 12}}
"""
