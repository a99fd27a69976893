Feature: Many questions are asked in one go
  Imports, nightly jobs and pages full of suggestions bring hundreds of questions at a time.
  Together they take a fraction of the time, and each is answered as if it had come alone.

  Rule: Each question is answered as if it had come alone

    Example: Some are remembered, and some are new
      Given the question "How do I install RAGBoost?" was answered
      When these are asked in one go
        | When do you close on Fridays? |
        | How do I install RAGBoost?    |
        | How can I install RAGBoost?   |
      Then they are answered by the model, an exact hit and a semantic hit
      And the model was asked twice

    Example: What was answered in one go is remembered
      Given these were asked in one go
        | How do I install RAGBoost?    |
        | When do you close on Fridays? |
      When "When do you close on Fridays?" is asked
      Then the remembered answer comes back as an exact hit

    Example: What is wanted of memory is wanted for all of them
      Given the question "How do I install RAGBoost?" was answered
      When these are asked in one go of memory only
        | How do I install RAGBoost?    |
        | When do you close on Fridays? |
      Then the first is answered by an exact hit
      And the second is told that memory has no answer

    Example: Another customer shares nothing
      Given the question "What is our revenue?" was answered
      When Globex asks "What is our revenue?" 3 times in one go
      Then everyone gets the second answer
      And the model was asked twice

  Rule: The same question is put to the model once

    Example: Fifty times the same
      Given the model takes its time
      When a job asks "What was announced?" 50 times in one go
      Then everyone gets the first answer
      And the model was asked once

  Rule: The trouble of one is not the trouble of all

    Example: A question that says nothing
      Given nothing is remembered
      When these are asked in one go
        | What was announced? |
        |                     |
        | Who was Napoleon?   |
      Then the second is told that the question must be changed
      And the others are answered by the model

    Example: The model fails one of them
      Given the model fails whoever asks about whales
      When these are asked in one go
        | What is new about apples? |
        | What is new about whales? |
        | What is new about taxes?  |
      Then the second is told that the model did not answer
      And the others are answered by the model

    Example: A part of memory is away
      Given the vector index is away
      When these are asked in one go
        | What is new about apples? |
        | What is new about whales? |
      Then all of them are answered by the model

  Rule: However many are new, the model is not overrun

    Example: Forty new questions
      Given the model takes its time
      When a job asks 40 new questions in one go
      Then the model heard 8 of them at once
      And all of them are answered by the model
