"""Tokens that the prefixes of their vendors give away."""

from typing import Final

from otel_discord.redaction.finding import BOUNDARY, Category, Pattern, cut, found_by, found_by_any
from otel_discord.redaction.randomness import has_digit

_SLASH: Final = r"(?:/+|\\+/|%2[fF]|%252[fF]|\\+u002[fF])"
_FORMS: Final = (
    r"AKCp[A-Za-z0-9]{50,}", r"AKID[A-Za-z0-9]{28,}", r"ATATT3[A-Za-z0-9_=-]{40,}", r"ATBB[A-Za-z0-9]{24,}",
    r"CCIP[AR]T_[A-Za-z0-9_]{20,}", r"CFPAT-[A-Za-z0-9_-]{40,}", r"EAA[ABC][A-Za-z0-9]{60,}",
    r"EAAA[AE][A-Za-z0-9_-]{50,}", r"EZ[AT]K[a-f0-9]{50,}", r"HRKU-[A-Za-z0-9_-]{20,}", r"LTAI[A-Za-z0-9]{12,}",
    r"NRAK-[A-Z0-9]{20,}", r"PMAK-[A-Za-z0-9-]{20,}", r"SK[a-f0-9]{32}", r"bkua_[a-f0-9]{32,}", r"dapi[a-f0-9]{32}",
    r"dckr_pat_[A-Za-z0-9_-]{20,}", r"do[por]_v1_[a-f0-9]{32,}", r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9_.-]{20,}",
    r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{40,}", r"duffel_(?:live|test)_[A-Za-z0-9_=-]{30,}",
    r"figd_[A-Za-z0-9_-]{30,}", r"fm[12]_[A-Za-z0-9+/=_]{30,}", r"glc_[A-Za-z0-9+/=]{20,}", r"glsa_[A-Za-z0-9_]{20,}",
    r"gsk_[A-Za-z0-9]{30,}", r"hf_[A-Za-z0-9]{30,}", r"hv[sb]\.[A-Za-z0-9_-]{20,}", r"key-[a-f0-9]{32}",
    r"lin_api_[A-Za-z0-9]{20,}", r"lsv2_[a-z]{2}_[a-f0-9_]{32,}", r"nfp_[A-Za-z0-9]{36,}", r"ntn_[A-Za-z0-9]{30,}",
    r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", r"ph[cx]_[A-Za-z0-9]{40,}", r"pplx-[A-Za-z0-9]{30,}",
    r"pscale_(?:pw|tkn|oauth)_[A-Za-z0-9_.=-]{20,}", r"pul-[a-f0-9]{40}", r"r8_[A-Za-z0-9]{30,}",
    r"rdme_[a-z0-9]{60,}", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", r"rpa_[A-Z0-9]{40,}", r"rubygems_[a-f0-9]{30,}",
    r"sbp_[a-f0-9]{30,}", r"shippo_live_[a-f0-9]{40}", r"shp(?:at|ca|ss|pa)_[A-Za-z0-9]{24,}",
    r"sntrys_[A-Za-z0-9+/=_]{20,}", r"sq0(?:atp|csp)-[A-Za-z0-9_-]{20,}", r"sq[upa]_[a-f0-9]{40}",
    r"tfp_[A-Za-z0-9_]{40,}", r"tskey-[a-z]+-[A-Za-z0-9-]{16,}", r"tvly-[A-Za-z0-9-]{30,}", r"xai-[A-Za-z0-9]{40,}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,}",
)  # fmt: skip
_TRIGGERS: Final = (
    "AKCp", "AKID", "ATATT3", "ATBB", "CCIP[AR]T_", "CFPAT-", "EAA[ABC]", r"EZ[AT]K[a-f0-9]{8}", "HRKU-", "LTAI",
    "NRAK-", "PMAK-", r"SK[a-f0-9]{12}", "bkua_", r"dapi[a-f0-9]{8}", "dckr_pat_", "do[por]_v1_",
    r"dp\.(?:pt|st|ct|sa)\.", r"dt0[a-z][0-9]{2}\.", "duffel_", "figd_", "fm[12]_", "glc_", "glsa_", "gsk_", "hf_",
    r"hv[sb]\.", r"key-[a-f0-9]{8}", "lin_api_", "lsv2_", "nfp_", "ntn_", r"pat[A-Za-z0-9]{14}\.", "ph[cx]_", "pplx-",
    "pscale_", r"pul-[a-f0-9]{8}", "r8_", "rdme_", r"\bre_[A-Za-z0-9]{8}_", "rpa_", "rubygems_", "sbp_",
    "shippo_live_", "shp(?:at|ca|ss|pa)_", "sntrys_", "sq0", "sq[upa]_", "tfp_", "tskey-", "tvly-", "xai-",
    r"\.atlasv1\.", r"[a-f0-9]{8}-us[0-9]", "webhookb2",
)  # fmt: skip

VENDOR: Final = Pattern(
    name="vendor",
    category=Category.CREDENTIALS,
    summary="tokens with the prefixes of Airtable, Alibaba, Atlassian, Bitbucket, Buildkite, CircleCI, Contentful, "
    "Databricks, DigitalOcean, Docker, Doppler, Duffel, Dynatrace, EasyPost, Facebook, Figma, Fly, Grafana, Groq, "
    "Heroku, Hugging Face, JFrog, LangSmith, Linear, Mailchimp, Mailgun, Netlify, New Relic, Notion, Perplexity, "
    "PlanetScale, PostHog, Postman, Pulumi, ReadMe, Replicate, Resend, RubyGems, RunPod, Sentry, Shippo, Shopify, "
    "SonarQube, Square, Supabase, Tailscale, Tavily, Tencent, Terraform, Twilio, Typeform, Vault, xAI; webhooks "
    "of Teams",
    find=found_by_any(
        found_by(rf"{BOUNDARY}(?P<s>{'|'.join(_FORMS)})", "token"),
        found_by(rf"{BOUNDARY}(?P<s>{'|'.join(map(cut, _FORMS))})", "token", has_digit),
        found_by(rf"{BOUNDARY}(?P<s>[a-f0-9]{{32}}-us[0-9]{{1,2}})\b", "token"),
        found_by(rf"webhookb2{_SLASH}(?P<s>[A-Za-z0-9@/%-]{{20,}})", "token"),
    ),
    triggers=_TRIGGERS,
    shown=("token",),
)
