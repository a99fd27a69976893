"""The page that shows the OpenAPI document."""

import re

from tests.entrypoints.http.service import Service


def test_the_page_runs_a_script_of_one_version(open_service: Service) -> None:
    page = open_service.client.get("/schema").text

    assert "@latest" not in page
    assert re.findall(r'<script src="([^"]+)"', page) == ["https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.72.1"]
