"""Fetch a sentence encoder from the Hugging Face Hub: safetensors only, checked, resumable.

Files land in the ordinary Hub cache, `models--org--name/{blobs,snapshots,refs}`, so other programs
share them. We add one thing to it: `verified/<commit>.json`, see `record.py`.
"""

from encoder.hub.download import DownloadProgress, download
from encoder.hub.repo import valid_repo_id
from encoder.hub.selection import select_files

__all__ = ["DownloadProgress", "download", "select_files", "valid_repo_id"]
